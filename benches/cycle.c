/*
 * The cycle that benches/cycle.rs measures, as a C program does it: what the
 * properties of a dataset mean for a mount is looked up, and nothing else.
 *
 * usage: cycle ORIGIN PARENT [libzfs]
 *        cycle ORIGIN PARENT THREADS RUNS PROGRAM [ARG...]
 * With a third word, libzfs itself mounts and unmounts.
 * Each line of standard input is a number of cycles; each answer is a line
 * with the nanoseconds that they spent on clone, mount, write, unmount and
 * destroy.
 *
 * With more words, threads run a program in so many clones each, and nothing
 * else: nobody sees to what it leaves running, says that it passed, or checks
 * what is destroyed. So much takes whatever program does it in that order.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libzfs.h>
#include <libzfs_core.h>

enum { CLONE, MOUNT, WRITE, UNMOUNT, DESTROY, STEPS };

struct settings {
	unsigned long flags;
	char mount_point[ZFS_MAXPROPLEN];
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}

/* As stored, whatever the mount table says; a default is not stored. */
static boolean_t
is_on(zfs_handle_t *dataset, zfs_prop_t property)
{
	nvlist_t *stored = zfs_get_all_props(dataset), *list;
	uint64_t value;

	if (nvlist_lookup_nvlist(stored, zfs_prop_to_name(property), &list) != 0
	    || nvlist_lookup_uint64(list, ZPROP_VALUE, &value) != 0)
		value = zfs_prop_default_numeric(property);
	return (value != 0);
}

static boolean_t
says(zfs_handle_t *dataset, zfs_prop_t property, const char *text)
{
	char value[ZFS_MAXPROPLEN];

	return (zfs_prop_get(dataset, property, value, sizeof (value), NULL,
	    NULL, 0, B_TRUE) == 0 && strcmp(value, text) == 0);
}

static void
look_up(libzfs_handle_t *libzfs, const char *name, struct settings *settings)
{
	zfs_handle_t *dataset;
	unsigned long flags = 0;

	/* A pool may have been imported anew, elsewhere. */
	zpool_free_handles(libzfs);
	dataset = zfs_open(libzfs, name, ZFS_TYPE_FILESYSTEM);
	if (dataset == NULL)
		errx(1, "cannot open %s", name);
	if (says(dataset, ZFS_PROP_CANMOUNT, "off") ||
	    says(dataset, ZFS_PROP_ZONED, "on") ||
	    says(dataset, ZFS_PROP_KEYSTATUS, "unavailable") ||
	    says(dataset, ZFS_PROP_OVERLAY, "off"))
		errx(1, "%s cannot be mounted", name);
	if (zfs_prop_get(dataset, ZFS_PROP_MOUNTPOINT, settings->mount_point,
	    sizeof (settings->mount_point), NULL, NULL, 0, B_TRUE) != 0)
		errx(1, "%s has no mountpoint", name);

	flags |= is_on(dataset, ZFS_PROP_READONLY) ? MS_RDONLY : 0;
	flags |= is_on(dataset, ZFS_PROP_SETUID) ? 0 : MS_NOSUID;
	flags |= is_on(dataset, ZFS_PROP_EXEC) ? 0 : MS_NOEXEC;
	flags |= is_on(dataset, ZFS_PROP_DEVICES) ? 0 : MS_NODEV;
	flags |= is_on(dataset, ZFS_PROP_NBMAND) ? MS_MANDLOCK : 0;
	if (!is_on(dataset, ZFS_PROP_ATIME))
		flags |= MS_NOATIME;
	else if (is_on(dataset, ZFS_PROP_RELATIME))
		flags |= MS_RELATIME;
	else
		flags |= MS_STRICTATIME;
	settings->flags = flags;
	zfs_close(dataset);
}

static void
mount_it(libzfs_handle_t *libzfs, const char *name, struct settings *settings)
{
	char hint[ZFS_MAXPROPLEN + sizeof ("mntpoint=")];

	look_up(libzfs, name, settings);
	/* Its parents are there, and it may be from the cycle before. */
	(void) mkdir(settings->mount_point, 0755);
	snprintf(hint, sizeof (hint), "mntpoint=%s", settings->mount_point);
	if (mount(name, settings->mount_point, "zfs", settings->flags, hint) != 0)
		err(1, "mount %s", name);
}

static void
write_file(const char *directory)
{
	char path[ZFS_MAXPROPLEN + sizeof ("/file")];
	int file;

	snprintf(path, sizeof (path), "%s/file", directory);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0 || write(file, "text", 4) != 4 || close(file) != 0)
		err(1, "%s", path);
}

/* As a program would that knows of no other way. */
static zfs_handle_t *
mount_by_libzfs(libzfs_handle_t *libzfs, const char *name,
    struct settings *settings)
{
	zfs_handle_t *dataset;

	dataset = zfs_open(libzfs, name, ZFS_TYPE_FILESYSTEM);
	if (dataset == NULL || zfs_mount(dataset, NULL, 0) != 0 ||
	    zfs_prop_get(dataset, ZFS_PROP_MOUNTPOINT, settings->mount_point,
	    sizeof (settings->mount_point), NULL, NULL, 0, B_TRUE) != 0)
		errx(1, "cannot mount %s", name);
	return (dataset);
}

static void
cycle(libzfs_handle_t *libzfs, const char *origin, const char *name,
    boolean_t by_libzfs, uint64_t spent[STEPS])
{
	struct settings settings;
	zfs_handle_t *dataset = NULL;
	uint64_t at[STEPS + 1];
	int code, step;

	at[CLONE] = now_ns();
	if ((code = lzc_clone(name, origin, NULL)) != 0)
		errx(1, "clone %s: %s", name, strerror(code));
	at[MOUNT] = now_ns();
	if (by_libzfs)
		dataset = mount_by_libzfs(libzfs, name, &settings);
	else
		mount_it(libzfs, name, &settings);
	at[WRITE] = now_ns();
	write_file(settings.mount_point);
	at[UNMOUNT] = now_ns();
	if (by_libzfs) {
		if (zfs_unmount(dataset, NULL, 0) != 0)
			errx(1, "cannot unmount %s", name);
		zfs_close(dataset);
	} else if (umount2(settings.mount_point, UMOUNT_NOFOLLOW) != 0)
		err(1, "unmount %s", name);
	at[DESTROY] = now_ns();
	if ((code = lzc_destroy(name)) != 0)
		errx(1, "destroy %s: %s", name, strerror(code));
	at[STEPS] = now_ns();
	for (step = 0; step < STEPS; step++)
		spent[step] += at[step + 1] - at[step];
}

/* What threads run in their clones. */
struct hunt {
	const char *origin, *parent;
	struct settings settings;
	long runs;
	char **command;
};

struct thread {
	pthread_t id;
	int number;
	const struct hunt *hunt;
};

static void
run_in(const char *directory, char **command)
{
	const char *names[] = { "test_run_stdout", "test_run_stderr" };
	pid_t child = vfork();
	int status;

	if (child == 0) {
		if (chdir(directory) != 0)
			_exit(126);
		for (int i = 0; i < 2; i++) {
			int file = open(names[i], O_WRONLY | O_CREAT | O_TRUNC |
			    O_CLOEXEC, 0666);

			if (file < 0 || dup2(file, i + 1) < 0)
				_exit(126);
		}
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		errx(1, "%s failed", command[0]);
}

static void *
hunt(void *argument)
{
	const struct thread *thread = argument;
	const struct hunt *hunt = thread->hunt;
	char name[ZFS_MAX_DATASET_NAME_LEN], place[2 * ZFS_MAXPROPLEN];
	int code;

	for (long run = 0; run < hunt->runs; run++) {
		snprintf(name, sizeof (name), "%s/thread-%d-run-%ld",
		    hunt->parent, thread->number, run);
		snprintf(place, sizeof (place), "%s/thread-%d-run-%ld",
		    hunt->settings.mount_point, thread->number, run);
		if ((code = lzc_clone(name, hunt->origin, NULL)) != 0)
			errx(1, "clone %s: %s", name, strerror(code));
		if (mkdir(place, 0755) != 0 || mount(name, place, "zfs",
		    hunt->settings.flags, NULL) != 0)
			err(1, "mount %s", name);
		run_in(place, hunt->command);
		if (umount2(place, UMOUNT_NOFOLLOW) != 0 || rmdir(place) != 0)
			err(1, "unmount %s", name);
		if ((code = lzc_destroy(name)) != 0)
			errx(1, "destroy %s: %s", name, strerror(code));
	}
	return (NULL);
}

static int
hunt_on(libzfs_handle_t *libzfs, int threads, struct hunt *all)
{
	struct thread *each = calloc((size_t)threads, sizeof (*each));

	if (each == NULL)
		err(1, NULL);
	look_up(libzfs, all->parent, &all->settings);
	for (int i = 0; i < threads; i++) {
		each[i].number = i;
		each[i].hunt = all;
		if (pthread_create(&each[i].id, NULL, hunt, &each[i]) != 0)
			errx(1, "no thread");
	}
	for (int i = 0; i < threads; i++)
		pthread_join(each[i].id, NULL);
	return (0);
}

int
main(int argc, char **argv)
{
	char name[ZFS_MAX_DATASET_NAME_LEN], line[32];
	libzfs_handle_t *libzfs;

	if (argc < 3 || argc == 5)
		errx(2, "usage: cycle ORIGIN PARENT [libzfs]");
	snprintf(name, sizeof (name), "%s/cycle", argv[2]);
	if (libzfs_core_init() != 0 || (libzfs = libzfs_init()) == NULL)
		errx(1, "cannot open /dev/zfs");
	if (argc > 5) {
		struct hunt all = { .origin = argv[1], .parent = argv[2],
		    .runs = strtol(argv[4], NULL, 10), .command = argv + 5 };

		return (hunt_on(libzfs, (int)strtol(argv[3], NULL, 10), &all));
	}
	while (fgets(line, sizeof (line), stdin) != NULL) {
		uint64_t spent[STEPS] = { 0 };
		long count = strtol(line, NULL, 10);

		while (count-- > 0)
			cycle(libzfs, argv[1], name, argc == 4, spent);
		for (int step = 0; step < STEPS; step++)
			printf("%llu ", (unsigned long long)spent[step]);
		printf("\n");
		fflush(stdout);
	}
	libzfs_fini(libzfs);
	return (0);
}
