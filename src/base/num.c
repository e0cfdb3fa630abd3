/* Numbers to text and back.
 *
 * Parsing is strict, because the number may replace a client's text as the encoding of a value, and
 * must print as the same bytes again: "01", "+1", " 1" are not numbers. Integers are parsed digit
 * by digit with overflow checks. Doubles go through strtod(), which needs a NUL at the end: short
 * ones are copied to the stack, others to the heap. It sets ERANGE for overflow and underflow, but
 * also for denormal numbers, which are valid; so the result is checked for inf or 0 as well.
 * num_read_double() is the lenient way of some commands, and reports the range.
 *
 * Printing integers is on the path of every reply: two digits a step from a table, backwards.
 * Doubles are printed with the fewest digits that parse to the same double: 15 are tried first,
 * which usually suffice, then 16 and 17; denormal numbers begin at one digit. The position of the
 * point and the use of an exponent follow Redis 7.2 (print_digits()).
 *
 * The only failure is false for text that is not a number. */
#include "base/num.h"

#include "base/mem.h"

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool num_parse_uint(struct bytes text, uint64_t *out)
{
    if (text.n == 0 || text.n > 20)
        return false;
    if (text.p[0] == '0') {
        if (text.n > 1)
            return false;
        *out = 0;
        return true;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned d = (unsigned char)text.p[i] - (unsigned)'0';
        if (d > 9)
            return false;
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, d, &v))
            return false;
    }
    *out = v;
    return true;
}

bool num_parse_int(struct bytes text, long long *out)
{
    if (text.n == 0)
        return false;
    bool negative = text.p[0] == '-';
    if (negative) {
        text.p++;
        text.n--;
        if (text.n == 0 || text.p[0] == '0')
            return false;
    }
    uint64_t v;
    if (!num_parse_uint(text, &v))
        return false;
    if (negative) {
        if (v > (uint64_t)LLONG_MAX + 1)
            return false;
        *out = v == (uint64_t)LLONG_MAX + 1 ? LLONG_MIN : -(long long)v;
    } else {
        if (v > (uint64_t)LLONG_MAX)
            return false;
        *out = (long long)v;
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The text NUL-terminated for strtod(): in `few` or allocated. */
static char *terminated(struct bytes text, char *few, size_t few_n)
{
    char *copy = text.n < few_n ? few : mem_alloc(text.n + 1);
    if (text.n)
        memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    return copy;
}

bool num_parse_long_double(struct bytes text, long double *out)
{
    char few[128], *end;
    if (text.n == 0 || text.n >= NUM_LONG_DOUBLE_MOST || is_space(text.p[0]))
        return false;
    char *copy = terminated(text, few, sizeof(few));
    errno = 0;
    long double v = strtold(copy, &end);
    bool good = end == copy + text.n && !isnan(v) && !(errno == ERANGE && (isinf(v) || v == 0));
    if (copy != few)
        mem_free(copy);
    if (good)
        *out = v;
    return good;
}

/* Fast path that avoids strtod() for decimals of at most 15 digits: a double represents both the
 * digits and the power of ten exactly, so one division gives the nearest double (Clinger, "How to
 * read floating point numbers accurately"). False: anything else, valid or not. */
static bool parse_short(struct bytes text, double *out)
{
    static const double powers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t digits = 0;
    size_t i = text.n && *text.p == '-', n = 0, whole = 0;
    bool has_point = false;
    for (; i < text.n; i++) {
        unsigned digit = (unsigned)text.p[i] - '0';
        if (text.p[i] == '.' && !has_point)
            has_point = true, whole = n;
        else if (digit < 10 && n < 15)
            digits = digits * 10 + digit, n++;
        else
            return false;
    }
    if (n == 0)
        return false;
    double v = (double)digits / powers[has_point ? n - whole : 0];
    *out = *text.p == '-' ? -v : v;
    return true;
}

bool num_parse_double(struct bytes text, double *out)
{
    char few[128], *end;
    if (parse_short(text, out))
        return true;
    if (text.n == 0 || is_space(text.p[0]))
        return false;
    char *copy = terminated(text, few, sizeof(few));
    errno = 0;
    double v = strtod(copy, &end);
    bool good = end == copy + text.n && !isnan(v) && !(errno == ERANGE && (isinf(v) || v == 0));
    if (copy != few)
        mem_free(copy);
    if (good)
        *out = v;
    return good;
}

bool num_parse_size(struct bytes text, long long *out)
{
    static const struct {
        const char *unit;
        long long factor;
    } units[] = {{"b", 1},       {"", 1},         {"k", 1000},       {"kb", 1024},
                 {"m", 1000000}, {"mb", 1 << 20}, {"g", 1000000000}, {"gb", 1 << 30}};
    size_t digits = 0;
    while (digits < text.n &&
           ((text.p[digits] >= '0' && text.p[digits] <= '9') || (digits == 0 && text.p[0] == '-')))
        digits++;
    char copy[32];
    if (digits == 0 || digits >= sizeof(copy))
        return false;
    memcpy(copy, text.p, digits);
    copy[digits] = 0;
    char *end;
    errno = 0;
    long long v = strtoll(copy, &end, 10);
    if (errno || *end)
        return false;
    struct bytes unit = {text.p + digits, text.n - digits};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (bytes_is(unit, units[i].unit))
            return num_mul(v, units[i].factor, out);
    return false;
}

static const char digit_pairs[201] = "00010203040506070809101112131415161718192021222324"
                                     "25262728293031323334353637383940414243444546474849"
                                     "50515253545556575859606162636465666768697071727374"
                                     "75767778798081828384858687888990919293949596979899";

unsigned num_digits(uint64_t v)
{
    unsigned n = 1;
    for (;;) {
        if (v < 10)
            return n;
        if (v < 100)
            return n + 1;
        if (v < 1000)
            return n + 2;
        if (v < 10000)
            return n + 3;
        v /= 10000;
        n += 4;
    }
}

size_t num_print_uint(char *to, uint64_t v)
{
    if (v < 10) {
        *to = (char)('0' + v);
        return 1;
    }
    if (v < 100) {
        memcpy(to, digit_pairs + v * 2, 2);
        return 2;
    }
    unsigned n = num_digits(v);
    char *end = to + n;
    while (v >= 100) {
        unsigned pair = (unsigned)(v % 100);
        v /= 100;
        end -= 2;
        memcpy(end, digit_pairs + pair * 2, 2);
    }
    if (v >= 10)
        memcpy(end - 2, digit_pairs + v * 2, 2);
    else
        end[-1] = (char)('0' + v);
    return n;
}

void num_print_four(char *to, unsigned v)
{
    memcpy(to, digit_pairs + v / 100 * 2, 2);
    memcpy(to + 2, digit_pairs + v % 100 * 2, 2);
}

size_t num_print_int(char *to, long long v)
{
    if (v >= 0)
        return num_print_uint(to, (uint64_t)v);
    to[0] = '-';
    return 1 + num_print_uint(to + 1, (uint64_t)0 - (uint64_t)v);
}

bool num_read_double(struct bytes text, bool *in_range, double *out)
{
    char few[128], *end, *copy = terminated(text, few, sizeof(few));
    errno = 0;
    double v = strtod(copy, &end);
    *in_range = errno != ERANGE;
    bool good = *end == 0 && !isnan(v);
    if (copy != few)
        mem_free(copy);
    if (good)
        *out = v;
    return good;
}

/* The fewest digits that parse to v > 0, without trailing zeros; *exponent is that of the first
 * digit. 15 digits are exact wherever a double has its full precision. */
static int shortest_digits(double v, char digits[18], int *exponent)
{
    char text[32];
    int wanted = v < DBL_MIN ? 1 : 15;
    do
        snprintf(text, sizeof(text), "%.*e", wanted - 1, v);
    while (wanted++ < 17 && strtod(text, NULL) != v);
    int n = 0;
    const char *p = text;
    for (; *p != 'e'; p++)
        if (*p != '.')
            digits[n++] = *p;
    *exponent = atoi(p + 1);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

static size_t print_zeros(char *to, int n)
{
    memset(to, '0', (size_t)n);
    return (size_t)n;
}

/* d.ddde-7 */
static size_t print_scientific(char *to, const char *digits, int n, int exponent)
{
    char *p = to;
    *p++ = digits[0];
    if (n > 1) {
        *p++ = '.';
        memcpy(p, digits + 1, (size_t)n - 1);
        p += n - 1;
    }
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    p += num_print_uint(p, (uint64_t)abs(exponent));
    return (size_t)(p - to);
}

/* Prints without an exponent if that needs few zeros, by the rule of Redis 7.2. */
static size_t print_digits(char *to, const char *digits, int n, int exponent)
{
    int zeros = exponent - n + 1; /* after the digits; negative: the number of decimals */
    char *p = to;
    if (zeros >= 0 && exponent < n + 7) {
        memcpy(p, digits, (size_t)n);
        return (size_t)n + print_zeros(p + n, zeros);
    }
    if (zeros >= 0 || (zeros <= -7 && abs(exponent) >= 4))
        return print_scientific(to, digits, n, exponent);
    if (exponent < 0) {
        *p++ = '0';
        *p++ = '.';
        p += print_zeros(p, -exponent - 1);
        memcpy(p, digits, (size_t)n);
        return (size_t)(p - to) + (size_t)n;
    }
    size_t whole = (size_t)exponent + 1;
    memcpy(p, digits, whole);
    p[whole] = '.';
    memcpy(p + whole + 1, digits + whole, (size_t)n - whole);
    return (size_t)n + 1;
}

/* Fast path for fractions of one to six decimals, such as times in seconds: avoids the search for
 * the fewest digits with snprintf(). v > 0. Returns the length; 0: v has another form. */
static size_t print_millionths(char *to, double v)
{
    if (v >= 1e9)
        return 0;
    uint64_t k = (uint64_t)(v * 1e6 + 0.5), rest = k % 1000000;
    if (rest == 0 || (double)k / 1e6 != v)
        return 0;
    size_t n = num_print_uint(to, k / 1000000);
    to[n++] = '.';
    for (uint64_t unit = 100000; rest; unit /= 10) {
        to[n++] = (char)('0' + rest / unit);
        rest %= unit;
    }
    return n;
}

size_t num_print_shortest(char *to, double v)
{
    char digits[18];
    int exponent;
    if (isnan(v))
        return (size_t)sprintf(to, "nan");
    if (isinf(v))
        return (size_t)sprintf(to, v > 0 ? "inf" : "-inf");
    if (v == 0)
        return (size_t)sprintf(to, signbit(v) ? "-0" : "0");
    size_t sign = v < 0;
    *to = '-';
    size_t short_n = print_millionths(to + sign, fabs(v));
    if (short_n)
        return sign + short_n;
    int n = shortest_digits(fabs(v), digits, &exponent);
    return sign + print_digits(to + sign, digits, n, exponent);
}

double num_round(double v)
{
    return fabs(v) < 1e9 ? round(v * 1e6) / 1e6 : v;
}

size_t num_print_double(char *to, double v)
{
    if (fabs(v) <= (double)(LLONG_MAX / 2) && v == (double)(long long)v && (v != 0 || !signbit(v)))
        return num_print_int(to, (long long)v);
    return num_print_shortest(to, v);
}

size_t num_print_long_double(char *to, long double v)
{
    if (isinf(v))
        return (size_t)sprintf(to, v > 0 ? "inf" : "-inf");
    size_t n = (size_t)sprintf(to, "%.17Lf", v);
    if (memchr(to, '.', n)) {
        while (to[n - 1] == '0')
            n--;
        if (to[n - 1] == '.')
            n--;
    }
    if (n == 2 && to[0] == '-' && to[1] == '0') {
        to[0] = '0';
        n = 1;
    }
    return n;
}
