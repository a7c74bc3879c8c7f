/*
 * What it costs to have a process of one's own for an attempt, in a program
 * that has libzfs open as gocrash has.
 *
 * usage: start COUNT PROGRAM [ARG...]
 * Prints the nanoseconds that COUNT children took, one after the other, that
 * were forked and did nothing; then the same for PROGRAM.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libzfs.h>

extern char **environ;

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}

static void
wait_for(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		err(1, "wait");
}

int
main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	libzfs_handle_t *libzfs;
	uint64_t begin, forked;
	long count, i;
	pid_t child;

	if (argc < 3)
		errx(2, "usage: start COUNT PROGRAM [ARG...]");
	count = strtol(argv[1], NULL, 10);
	if ((libzfs = libzfs_init()) == NULL)
		errx(1, "cannot open /dev/zfs");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);

	begin = now_ns();
	for (i = 0; i < count; i++) {
		if ((child = fork()) == 0)
			_exit(0);
		if (child < 0)
			err(1, "fork");
		wait_for(child);
	}
	forked = now_ns() - begin;

	begin = now_ns();
	for (i = 0; i < count; i++) {
		if (posix_spawn(&child, argv[2], &actions, NULL, argv + 2,
		    environ) != 0)
			errx(1, "cannot start %s", argv[2]);
		wait_for(child);
	}
	printf("%llu %llu\n", (unsigned long long)forked,
	    (unsigned long long)(now_ns() - begin));
	posix_spawn_file_actions_destroy(&actions);
	libzfs_fini(libzfs);
	return (0);
}
