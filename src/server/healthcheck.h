/* millrace-server --healthcheck URL: an HTTP client for container engines, whose images have no
 * other. */
#ifndef SERVER_HEALTHCHECK_H
#define SERVER_HEALTHCHECK_H

/* Takes at most five seconds. 0: the status is 200 to 299. Else 1, and the reason on stderr: the
 * status with the beginning of the response, what failed, or that the URL is not
 * http://HOST[:PORT][/PATH]. */
int healthcheck_run(const char *url);

#endif
