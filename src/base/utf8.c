#include "base/utf8.h"

static bool follows(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

size_t utf8_length(struct bytes text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t n = text.n;
    if (n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < 2 || !follows(p[1]))
        return 0;
    if (p[0] < 0xe0)
        return 2;
    if (n < 3 || !follows(p[2]))
        return 0;
    if (p[0] < 0xf0)
        return (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ? 0 : 3;
    if (n < 4 || !follows(p[3]))
        return 0;
    return (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

size_t utf8_span(struct bytes text)
{
    size_t i = 0;
    while (i < text.n) {
        uint64_t eight;
        if (text.n - i >= sizeof(eight)) {
            memcpy(&eight, text.p + i, sizeof(eight));
            if (!(eight & 0x8080808080808080u)) {
                i += sizeof(eight);
                continue;
            }
        }
        size_t n = utf8_length(bytes_of(text.p + i, text.n - i));
        if (n == 0)
            return i;
        i += n;
    }
    return i;
}

size_t utf8_print(char *to, uint32_t character)
{
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    to[0] = (char)(first[n] | character);
    return n;
}
