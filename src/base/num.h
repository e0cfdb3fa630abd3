/* Numbers from text and back, strictly: no spaces, no leading zeros, no plus sign, all of it. */
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
/* The doubles of clients, as strtod() reads them (also hexadecimal ones, inf and the smallest
 * denormal ones). Whole text, no space in front, no NaN, nothing that has to become 0 or inf. */
bool num_parse_double(struct bytes text, double *out);
/* Likewise, of less than NUM_LONG_DOUBLE_MOST bytes. */
bool num_parse_long_double(struct bytes text, long double *out);
/* The bounds of ranges and the weights of SORT, which are read laxer: blanks in front, nothing at
 * all for 0, up to the first NUL; no NaN. *in_range: it did not have to be rounded to 0, inf or a
 * denormal number. */
bool num_read_double(struct bytes text, bool *in_range, double *out);
/* "10mb", "1k", "5": bytes. Factors k m g (1000) and kb mb gb (1024). */
bool num_parse_size(struct bytes text, long long *out);

/* All return the count of bytes written; no NUL behind them. */
size_t num_print_int(char *to, long long v);
size_t num_print_uint(char *to, uint64_t v);
/* Exactly four digits of v < 10000. */
void num_print_four(char *to, unsigned v);
/* Whole numbers up to 2^62 with all digits, others in the shortest text that reads back as the same
 * double, as Redis 7.2 writes them; "inf", "-inf", "nan". */
size_t num_print_double(char *to, double v);
/* Likewise, but with zeros behind the digits that tell a double from its neighbours, also in whole
 * numbers: 1795898401767012000. */
size_t num_print_shortest(char *to, double v);
/* Plain decimal notation with up to 17 decimals, trailing zeros dropped, as INCRBYFLOAT answers. */
size_t num_print_long_double(char *to, long double v);
/* The count of digits of v. */
unsigned num_digits(uint64_t v);

/* a+b and a*b; false when they do not fit. */
static inline bool num_add(long long a, long long b, long long *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool num_mul(long long a, long long b, long long *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
/* a-b and a*b, or what is nearest: for times and spans that clients and files set. */
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
