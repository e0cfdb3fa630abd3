/* Conversion between numbers and text. Parsing is strict: the whole text, no spaces, leading zeros
 * or plus sign. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/bytes.h"

#include <stdint.h>

#define NUM_INT_MAX          24   /* bytes that an integer may take in text */
#define NUM_DOUBLE_MAX       40   /* bytes that num_print_double() may take */
#define NUM_LONG_MAX         5200 /* bytes that num_print_long_double() may take */
#define NUM_LONG_DOUBLE_MOST 5120

bool num_parse_int(struct bytes text, long long *out);
bool num_parse_uint(struct bytes text, uint64_t *out);
/* Doubles from clients, as by strtod() (including hexadecimal ones, inf and denormal ones). Whole
 * text, no leading space, no NaN, no overflow or underflow. */
bool num_parse_double(struct bytes text, double *out);
/* Likewise, with less than NUM_LONG_DOUBLE_MOST bytes. */
bool num_parse_long_double(struct bytes text, long double *out);
/* Lenient parsing for bounds of ranges and weights of SORT: allows leading blanks, empty text for
 * 0, and ends at the first NUL; no NaN. *in_range: strtod() did not report overflow or underflow.
 */
bool num_read_double(struct bytes text, bool *in_range, double *out);
/* Bytes from "10mb", "1k", "5": factors k m g (1000) and kb mb gb (1024). */
bool num_parse_size(struct bytes text, long long *out);

/* These return the number of bytes written, without a NUL. */
size_t num_print_int(char *to, long long v);
size_t num_print_uint(char *to, uint64_t v);
/* Exactly four digits of v < 10000. */
void num_print_four(char *to, unsigned v);
/* Integers up to 2^62 with all digits, others in the shortest form that parses to the same double,
 * as Redis 7.2 prints them; "inf", "-inf", "nan". */
size_t num_print_double(char *to, double v);
/* Likewise, but integers too have only the digits needed to identify the double, then zeros:
 * 1795898401767012000. */
size_t num_print_shortest(char *to, double v);
/* To six decimals, for measured values, whose further digits say nothing and take long to print. */
double num_round(double v);
/* Decimal notation with up to 17 decimals, without trailing zeros, as in replies of INCRBYFLOAT. */
size_t num_print_long_double(char *to, long double v);
/* The number of decimal digits of v. */
unsigned num_digits(uint64_t v);

/* a+b and a*b; false: overflow. */
static inline bool num_add(long long a, long long b, long long *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool num_mul(long long a, long long b, long long *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
/* a-b and a*b, saturating: for times and durations set by clients and files. */
static inline long long num_minus(long long a, long long b)
{
    long long v;
    return !__builtin_sub_overflow(a, b, &v) ? v : b < 0 ? INT64_MAX : INT64_MIN;
}
static inline long long num_times(long long a, long long b)
{
    long long v;
    return !__builtin_mul_overflow(a, b, &v) ? v : (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
}

#endif
