#!/usr/bin/env perl
use strict;
use warnings;
use Test::More tests => 2;

ok(1, 'begins');
die "cannot open /var/lib/queue: permission denied\n";
