/* What bindgen reads. */

/* The headers use GNU names without asking for them. */
#define	_GNU_SOURCE

#include <libnvpair.h>
#include <libzfs_core.h>
#include <libzfs.h>
