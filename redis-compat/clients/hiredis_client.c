/* hiredis against a server: plain commands, pipelines, binary arguments, RESP3, pub/sub.
 * usage: hiredis_client PORT */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed;

static void check(const char *name, int good)
{
    printf("%s %s\n", good ? "ok" : "not ok", name);
    failed += !good;
}

int main(int argc, char **argv)
{
    (void)argc;
    int port = atoi(argv[1]);
    redisContext *c = redisConnect("127.0.0.1", port), *s = redisConnect("127.0.0.1", port);
    if (!c || c->err || !s || s->err) {
        printf("not ok connect\n");
        return 1;
    }
    redisReply *r = redisCommand(c, "SET %s %b", "bin", "a\0b", (size_t)3);
    check("set", r && r->type == REDIS_REPLY_STATUS);
    freeReplyObject(r);
    r = redisCommand(c, "GET bin");
    check("binary value",
          r && r->type == REDIS_REPLY_STRING && r->len == 3 && memcmp(r->str, "a\0b", 3) == 0);
    freeReplyObject(r);
    for (int i = 0; i < 10000; i++)
        redisAppendCommand(c, "RPUSH list element:%d", i);
    int good = 1;
    for (int i = 0; i < 10000; i++) {
        good = good && redisGetReply(c, (void **)&r) == REDIS_OK &&
               r->type == REDIS_REPLY_INTEGER && r->integer == i + 1;
        freeReplyObject(r);
    }
    check("pipeline of 10000", good);
    r = redisCommand(c, "LRANGE list 0 -1");
    check("long array", r && r->type == REDIS_REPLY_ARRAY && r->elements == 10000);
    freeReplyObject(r);
    r = redisCommand(c, "LPUSH bin x");
    check("error reply", r && r->type == REDIS_REPLY_ERROR && strncmp(r->str, "WRONGTYPE", 9) == 0);
    freeReplyObject(r);
    r = redisCommand(s, "SUBSCRIBE ch");
    freeReplyObject(r);
    freeReplyObject(redisCommand(c, "PUBLISH ch hello"));
    good = redisGetReply(s, (void **)&r) == REDIS_OK && r->elements == 3 &&
           strcmp(r->element[2]->str, "hello") == 0;
    check("message", good);
    freeReplyObject(r);
    r = redisCommand(c, "XADD s * field value");
    check("stream id", r && r->type == REDIS_REPLY_STRING && strchr(r->str, '-'));
    freeReplyObject(r);
    redisFree(c);
    redisFree(s);
    return failed != 0;
}
