/* string.find, match, gmatch, gsub and rep: the patterns of Lua 5.1, interruptible and with bounded
 * stack.
 *
 * A match is a backtracking search. match_inner() walks the items of a pattern; an item with one
 * continuation continues its loop, and one with several tries each by a call of match_here(): a
 * repetition (most, least, "?") or a capture, which must be undone if the rest does not match. So
 * the depth grows with the number of such items and not with the text; DEPTH bounds it.
 *
 * Captures are (start, length); the length is OPEN until the parenthesis closes and POSITION for
 * "()". A failed attempt restores level and length before it returns NULL.
 *
 * What can fail: a malformed pattern, too many captures, too great a depth: each a Lua error. Time
 * can be exponential in the pattern: work() counts steps, and vm_poll() may end it after every
 * POLL_STEPS. */
#include "script/text_lib.h"

#include "script/vm.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define CAPTURES   32
#define DEPTH      200
#define POLL_STEPS 50000

#define OPEN     (-1) /* a capture that has begun */
#define POSITION (-2) /* a capture of a position */

struct match {
    lua_State *L;
    const char *text, *text_end;
    const char *pattern_end;
    int depth, level;
    size_t steps;
    struct {
        const char *at;
        ptrdiff_t n; /* or OPEN, POSITION */
    } captures[CAPTURES];
};

static const char *match_here(struct match *m, const char *s, const char *p);

/* Counts steps, which execute no Lua instructions, and polls every POLL_STEPS. */
static void work(struct match *m, size_t n)
{
    m->steps += n;
    if (m->steps >= POLL_STEPS) {
        m->steps = 0;
        vm_poll(m->L);
    }
}

/* The end of the single-character class that starts at p. */
static const char *class_end(struct match *m, const char *p)
{
    if (p == m->pattern_end)
        luaL_error(m->L, "malformed pattern (ends with '%%')");
    char c = *p++;
    if (c == '%') {
        if (p == m->pattern_end)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 1;
    }
    if (c != '[')
        return p;
    if (p < m->pattern_end && *p == '^')
        p++;
    const char *begin = p;
    do { /* a ']' in first position is literal */
        if (p == m->pattern_end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        c = *p++;
        if (c == '%' && p < m->pattern_end)
            p++;
    } while (p == m->pattern_end || *p != ']');
    work(m, (size_t)(p - begin));
    return p + 1;
}

static bool in_named_class(int c, int name)
{
    bool in;
    switch (tolower(name)) {
    case 'a':
        in = isalpha(c);
        break;
    case 'c':
        in = iscntrl(c);
        break;
    case 'd':
        in = isdigit(c);
        break;
    case 'l':
        in = islower(c);
        break;
    case 'p':
        in = ispunct(c);
        break;
    case 's':
        in = isspace(c);
        break;
    case 'u':
        in = isupper(c);
        break;
    case 'w':
        in = isalnum(c);
        break;
    case 'x':
        in = isxdigit(c);
        break;
    case 'z':
        in = c == 0;
        break;
    default:
        return name == c;
    }
    return isupper(name) ? !in : in;
}

/* Whether c is in the set from '[' at p to ']' at last. */
static bool in_set(struct match *m, int c, const char *p, const char *last)
{
    work(m, (size_t)(last - p));
    bool wanted = true;
    p++;
    if (*p == '^') {
        wanted = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == '%' && p + 1 < last) {
            p++;
            if (in_named_class(c, (unsigned char)*p))
                return wanted;
        } else if (p + 2 < last && p[1] == '-') {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return wanted;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return wanted;
        }
    }
    return !wanted;
}

static bool single(struct match *m, const char *s, const char *p, const char *end)
{
    if (s >= m->text_end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_named_class(c, (unsigned char)p[1]);
    case '[':
        return in_set(m, c, p, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

static const char *balanced(struct match *m, const char *s, const char *p)
{
    if (m->pattern_end - p < 2)
        luaL_error(m->L, "unbalanced pattern");
    if (s >= m->text_end || *s != p[0])
        return NULL;
    int depth = 1;
    while (++s < m->text_end) {
        work(m, 1);
        if (*s == p[1]) {
            if (--depth == 0)
                return s + 1;
        } else if (*s == p[0]) {
            depth++;
        }
    }
    return NULL;
}

static const char *most(struct match *m, const char *s, const char *p, const char *end)
{
    ptrdiff_t n = 0;
    while (single(m, s + n, p, end)) {
        work(m, 1);
        n++;
    }
    for (; n >= 0; n--) {
        work(m, 1);
        const char *got = match_here(m, s + n, end + 1);
        if (got)
            return got;
    }
    return NULL;
}

static const char *least(struct match *m, const char *s, const char *p, const char *end)
{
    for (;;) {
        work(m, 1);
        const char *got = match_here(m, s, end + 1);
        if (got)
            return got;
        if (!single(m, s, p, end))
            return NULL;
        s++;
    }
}

static const char *begin_capture(struct match *m, const char *s, const char *p, ptrdiff_t what)
{
    if (m->level >= CAPTURES)
        luaL_error(m->L, "too many captures");
    m->captures[m->level].at = s;
    m->captures[m->level].n = what;
    m->level++;
    const char *got = match_here(m, s, p);
    if (!got)
        m->level--;
    return got;
}

static const char *end_capture(struct match *m, const char *s, const char *p)
{
    int i = m->level - 1;
    while (i >= 0 && m->captures[i].n != OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->captures[i].n = s - m->captures[i].at;
    const char *got = match_here(m, s, p);
    if (!got)
        m->captures[i].n = OPEN;
    return got;
}

static const char *again(struct match *m, const char *s, char digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->level || m->captures[i].n == OPEN)
        luaL_error(m->L, "invalid capture index");
    size_t n = m->captures[i].n < 0 ? 0 : (size_t)m->captures[i].n;
    work(m, n);
    if ((size_t)(m->text_end - s) < n || memcmp(m->captures[i].at, s, n) != 0)
        return NULL;
    return s + n;
}

/* "%f[set]", p after the f: whether a run of characters of the set begins at s. */
static bool at_frontier(struct match *m, const char *s, const char *p, const char **end)
{
    if (p == m->pattern_end || *p != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    *end = class_end(m, p);
    int before = s == m->text ? 0 : (unsigned char)s[-1];
    int here = s < m->text_end ? (unsigned char)*s : 0;
    return !in_set(m, before, p, *end - 1) && in_set(m, here, p, *end - 1);
}

/* Matches "%b()", "%f[set]" and "%1" at *p. False: another item. *s becomes NULL if it does not
 * match, else the position after the match; *p advances past the item. */
static bool match_special(struct match *m, const char **s, const char **p)
{
    if (**p != '%' || *p + 1 >= m->pattern_end)
        return false;
    char c = (*p)[1];
    if (c == 'b') {
        *s = balanced(m, *s, *p + 2);
        *p += 4;
    } else if (c == 'f') {
        if (!at_frontier(m, *s, *p + 2, p))
            *s = NULL;
    } else if (isdigit((unsigned char)c)) {
        *s = again(m, *s, c);
        *p += 2;
    } else {
        return false;
    }
    return true;
}

static const char *match_inner(struct match *m, const char *s, const char *p)
{
    while (p < m->pattern_end) {
        work(m, 1);
        if (*p == '(')
            return p + 1 < m->pattern_end && p[1] == ')' ? begin_capture(m, s, p + 2, POSITION)
                                                         : begin_capture(m, s, p + 1, OPEN);
        if (*p == ')')
            return end_capture(m, s, p + 1);
        if (*p == '$' && p + 1 == m->pattern_end)
            return s == m->text_end ? s : NULL;
        if (match_special(m, &s, &p)) {
            if (!s)
                return NULL;
            continue;
        }
        const char *end = class_end(m, p);
        char after = end < m->pattern_end ? *end : 0;
        if (after == '?') {
            if (single(m, s, p, end)) {
                const char *got = match_here(m, s + 1, end + 1);
                if (got)
                    return got;
            }
            p = end + 1;
        } else if (after == '*') {
            return most(m, s, p, end);
        } else if (after == '+') {
            return single(m, s, p, end) ? most(m, s + 1, p, end) : NULL;
        } else if (after == '-') {
            return least(m, s, p, end);
        } else {
            if (!single(m, s, p, end))
                return NULL;
            s++;
            p = end;
        }
    }
    return s;
}

static const char *match_here(struct match *m, const char *s, const char *p)
{
    if (m->depth >= DEPTH)
        luaL_error(m->L, "pattern too complex");
    m->depth++;
    const char *got = match_inner(m, s, p);
    m->depth--;
    return got;
}

static void push_capture(struct match *m, int i, const char *s, const char *end)
{
    if (i >= m->level) {
        if (i != 0)
            luaL_error(m->L, "invalid capture index");
        lua_pushlstring(m->L, s, (size_t)(end - s));
        return;
    }
    ptrdiff_t n = m->captures[i].n;
    if (n == OPEN)
        luaL_error(m->L, "unfinished capture");
    if (n == POSITION)
        lua_pushinteger(m->L, m->captures[i].at - m->text + 1);
    else
        lua_pushlstring(m->L, m->captures[i].at, (size_t)n);
}

/* Pushes all captures, or the whole match if there are none and s is given. */
static int push_captures(struct match *m, const char *s, const char *end)
{
    int n = m->level == 0 && s ? 1 : m->level;
    luaL_checkstack(m->L, n, "too many captures");
    for (int i = 0; i < n; i++)
        push_capture(m, i, s, end);
    return n;
}

static struct match prepare(lua_State *L, const char *text, size_t n, const char *pattern,
                            size_t pattern_n)
{
    return (struct match){
        .L = L, .text = text, .text_end = text + n, .pattern_end = pattern + pattern_n};
}

static int find_or_match(lua_State *L, bool find)
{
    size_t n, pn;
    const char *text = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pn);
    ptrdiff_t start = luaL_optinteger(L, 3, 1);
    if (start < 0)
        start += (ptrdiff_t)n + 1;
    start = start < 1 ? 0 : start - 1;
    if ((size_t)start > n)
        start = (ptrdiff_t)n;
    bool plain = find && (lua_toboolean(L, 4) || !memchr(p, '^', pn));
    for (size_t i = 0; plain && !lua_toboolean(L, 4) && i < pn; i++)
        plain = strchr("^$*+?.([%-", p[i]) == NULL || p[i] == 0;
    if (plain) {
        const char *got = pn == 0 ? text + start : memmem(text + start, n - (size_t)start, p, pn);
        if (!got) {
            lua_pushnil(L);
            return 1;
        }
        lua_pushinteger(L, got - text + 1);
        lua_pushinteger(L, got - text + (ptrdiff_t)pn);
        return 2;
    }
    struct match m = prepare(L, text, n, p, pn);
    bool anchored = pn && *p == '^';
    const char *s = text + start;
    do {
        m.level = 0;
        const char *end = match_here(&m, s, p + anchored);
        if (end) {
            if (!find)
                return push_captures(&m, s, end);
            lua_pushinteger(L, s - text + 1);
            lua_pushinteger(L, end - text);
            return push_captures(&m, NULL, NULL) + 2;
        }
    } while (s++ < m.text_end && !anchored);
    lua_pushnil(L);
    return 1;
}

static int text_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int text_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: text, pattern, position to continue at. */
static int next_match(lua_State *L)
{
    size_t n, pn;
    const char *text = lua_tolstring(L, lua_upvalueindex(1), &n),
               *p = lua_tolstring(L, lua_upvalueindex(2), &pn);
    struct match m = prepare(L, text, n, p, pn);
    for (const char *s = text + lua_tointeger(L, lua_upvalueindex(3)); s <= m.text_end; s++) {
        m.level = 0;
        const char *end = match_here(&m, s, p);
        if (!end)
            continue;
        lua_pushinteger(L, end - text + (end == s));
        lua_replace(L, lua_upvalueindex(3));
        return push_captures(&m, s, end);
    }
    return 0;
}

static int text_gmatch(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_match, 3);
    return 1;
}

static void add_template(struct match *m, luaL_Buffer *b, const char *s, const char *end)
{
    size_t n;
    const char *t = lua_tolstring(m->L, 3, &n);
    for (size_t i = 0; i < n; i++) {
        work(m, 1);
        if (t[i] != '%') {
            luaL_addchar(b, t[i]);
            continue;
        }
        i++;
        char c = i < n ? t[i] : 0;
        if (!isdigit((unsigned char)c)) {
            luaL_addchar(b, c);
        } else if (c == '0') {
            luaL_addlstring(b, s, (size_t)(end - s));
        } else {
            push_capture(m, c - '1', s, end);
            luaL_addvalue(b);
        }
    }
}

static void add_value(struct match *m, luaL_Buffer *b, const char *s, const char *end)
{
    lua_State *L = m->L;
    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, s, end), 1);
        break;
    case LUA_TTABLE:
        push_capture(m, 0, s, end);
        lua_gettable(L, 3);
        break;
    default:
        add_template(m, b, s, end);
        return;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, s, (size_t)(end - s));
    } else if (!lua_isstring(L, -1)) {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
    luaL_addvalue(b);
}

static int text_gsub(lua_State *L)
{
    size_t n, pn;
    const char *text = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &pn);
    int kind = lua_type(L, 3);
    vm_check_stack(L);
    lua_Integer limit = luaL_optinteger(L, 4, (lua_Integer)n + 1), count = 0;
    if (kind != LUA_TNUMBER && kind != LUA_TSTRING && kind != LUA_TFUNCTION && kind != LUA_TTABLE)
        return luaL_argerror(L, 3, "string/function/table expected");
    if (kind == LUA_TNUMBER)
        lua_tostring(L, 3);
    bool anchored = pn && *p == '^';
    struct match m = prepare(L, text, n, p, pn);
    const char *s = text;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    while (count < limit) {
        m.level = 0;
        const char *end = match_here(&m, s, p + anchored);
        if (end) {
            count++;
            vm_poll(L); /* the called function may be in C */
            add_value(&m, &b, s, end);
        }
        if (end && end > s)
            s = end;
        else if (s < m.text_end)
            luaL_addchar(&b, *s++);
        else
            break;
        if (anchored)
            break;
    }
    luaL_addlstring(&b, s, (size_t)(m.text_end - s));
    luaL_pushresult(&b);
    lua_pushinteger(L, count);
    return 2;
}

/* Lua's own loops even for an empty string, and needs several times the memory of the result. */
static int text_rep(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    int count = luaL_checkint(L, 2);
    if (count <= 0 || n == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    size_t total = n * (size_t)count; /* cannot overflow: less than 2^31 times a size in memory */
    vm_reserve(L, total * 2);
    char *all = lua_newuserdata(L, total);
    if (n == 1)
        memset(all, *text, total);
    for (int i = 0; i < count && n > 1; i++) {
        if ((i & 1023) == 0)
            vm_poll(L);
        memcpy(all + n * (size_t)i, text, n);
    }
    lua_pushlstring(L, all, total);
    return 1;
}

void text_lib_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"find", text_find},
                                         {"match", text_match},
                                         {"gmatch", text_gmatch},
                                         {"gfind", text_gmatch},
                                         {"gsub", text_gsub},
                                         {"rep", text_rep},
                                         {NULL, NULL}};
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(L, f->func);
        lua_setfield(L, -2, f->name);
    }
}
