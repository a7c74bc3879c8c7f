/*
 * A suite that says when it ran. It is linked statically, and so starts as
 * quickly as a program can.
 *
 * usage: suite MILLISECONDS FILE
 * Sleeps that long, and appends to FILE the thread, the attempt and when it
 * started and ended, in nanoseconds of CLOCK_MONOTONIC.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static unsigned long long
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((unsigned long long)now.tv_sec * 1000000000 +
	    (unsigned long long)now.tv_nsec);
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return (value == NULL ? "0" : value);
}

int
main(int argc, char **argv)
{
	unsigned long long start_ns = now_ns();
	struct timespec pause;
	char line[128];
	int file, length;
	long ms;

	if (argc != 3)
		errx(2, "usage: suite MILLISECONDS FILE");
	ms = strtol(argv[1], NULL, 10);
	pause.tv_sec = ms / 1000;
	pause.tv_nsec = ms % 1000 * 1000000;
	file = open(argv[2], O_WRONLY | O_APPEND | O_CLOEXEC);
	if (file < 0)
		err(1, "%s", argv[2]);
	nanosleep(&pause, NULL);
	/* The line is one write, so that those of several threads don't mix. */
	length = snprintf(line, sizeof (line), "%s %s %llu %llu\n",
	    variable("GOCRASH_SLOT"), variable("GOCRASH_ATTEMPT"), start_ns,
	    now_ns());
	if (write(file, line, (size_t)length) != length)
		err(1, "%s", argv[2]);
	return (0);
}
