/* millrace-check-rdb and millrace-check-aof: the same binary under other names. They read files
 * with the loader's own code and say what redis-check-rdb and redis-check-aof say. */
#ifndef SERVER_CHECK_H
#define SERVER_CHECK_H

#include <stdbool.h>

/* Runs the tool that the program's name (argv[0]) asks for and returns true; *code is its exit
 * status. */
bool check_is_asked(int argc, char **argv, int *code);

#endif
