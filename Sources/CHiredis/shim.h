#include <hiredis/hiredis.h>
/* What wakes a thread that waits for Redis. */
#include <sys/eventfd.h>
