#!/usr/bin/env perl
use strict;
use warnings;
use Test::More;

ok(1, 'reports an error');
diag('error: cannot reach the server, as it should be');
subtest 'failures' => sub {
    plan tests => 1;
    ok(1, 'one');
};
TODO: {
    local $TODO = 'not written yet';
    ok(0, 'fails');
}
done_testing;
