#include "replica/handshake.h"

#include "base/mem.h"
#include "unit.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Whether that was said; "|" stands for a line's end. */
static bool said(struct chain *out, const char *want)
{
    char got[1024];
    size_t n = 0;
    struct iovec piece[4];
    int pieces = chain_pieces(out, piece, 4, UINT64_MAX);
    for (int k = 0; k < pieces; k++)
        for (size_t i = 0; i < piece[k].iov_len && n < sizeof(got) - 1; i++) {
            char c = ((const char *)piece[k].iov_base)[i];
            if (c != '\r')
                got[n++] = c == '\n' ? '|' : c;
        }
    got[n] = 0;
    chain_free(out);
    if (strcmp(got, want) != 0)
        printf("# said <%s>, wanted <%s>\n", got, want);
    return strcmp(got, want) == 0;
}

static enum handshake_answer asked(struct handshake *h, const char *answer)
{
    return handshake_answer(h, bytes_text(answer));
}

TEST(replies_to_ping_in_the_handshake)
{
    CHECK(handshake_ping(BYTES("+PONG")) == HANDSHAKE_GOES_ON);
    CHECK(handshake_ping(BYTES("-NOAUTH Authentication required.")) == HANDSHAKE_GOES_ON);
    CHECK(handshake_ping(BYTES("-NOPERM no")) == HANDSHAKE_GOES_ON);
    CHECK(handshake_ping(BYTES("-ERR operation not permitted")) == HANDSHAKE_GOES_ON);
    CHECK(handshake_ping(BYTES("-ERR max number of clients reached")) == HANDSHAKE_REFUSED);
    CHECK(handshake_ping(BYTES("HTTP/1.1 400")) == HANDSHAKE_REFUSED);
    CHECK(handshake_ping(BYTES("-LOADING Redis is loading")) == HANDSHAKE_LATER);
}

TEST(answers_come_in_the_order_of_what_was_said)
{
    struct settings *s = settings_new();
    struct handshake h;
    struct chain out = {0};
    struct handshake_self self = {.run_id = ID_B, .promise = ""};
    handshake_introduce(&h, s, &self, &out);
    CHECK(said(&out, "*3|$8|REPLCONF|$14|listening-port|$4|6379|"
                     "*5|$8|REPLCONF|$4|capa|$3|eof|$4|capa|$6|psync2|"
                     "*3|$8|REPLCONF|$7|version|$5|9.0.0|"
                     "*6|$8|REPLCONF|$8|millrace|$1|1|$40|" ID_B "|$1|-|$1|0|"));
    CHECK(handshake_heard(&h, BYTES("-ERR no")) == HANDSHAKE_WAITS);
    CHECK(handshake_heard(&h, BYTES("+OK")) == HANDSHAKE_WAITS);
    CHECK(handshake_heard(&h, BYTES("-ERR no")) == HANDSHAKE_WAITS);
    CHECK(handshake_heard(&h, BYTES("+OK")) == HANDSHAKE_GOES_ON && !h.foreign);
    handshake_introduce(&h, s, &self, &out);
    for (int i = 0; i < 3; i++)
        CHECK(handshake_heard(&h, BYTES("+OK")) == HANDSHAKE_WAITS);
    CHECK(handshake_heard(&h, BYTES("-ERR Unrecognized")) == HANDSHAKE_GOES_ON && h.foreign);
    handshake_introduce(&h, s, &self, &out);
    for (int i = 0; i < 3; i++)
        CHECK(handshake_heard(&h, BYTES("+OK")) == HANDSHAKE_WAITS);
    CHECK(handshake_heard(&h, BYTES("-ERR This server can't replicate itself")) ==
          HANDSHAKE_REFUSED);
    chain_free(&out);
    settings_free(s);
}

/* The ID that a primary with min-replicas-to-ack asks to promise. */
static bool hears(const char *line, const char *id, uint64_t offset)
{
    struct handshake h = {.steps = {HANDSHAKE_MILLRACE}, .step_n = 1};
    return handshake_heard(&h, bytes_text(line)) == HANDSHAKE_GOES_ON && strcmp(h.own, id) == 0 &&
           (!*id || h.own_offset == offset) && h.foreign == (*line != '+');
}

TEST(replies_to_replconf_with_an_id_and_offset)
{
    CHECK(hears("+OK " ID_A " 0", ID_A, 0) && hears("+OK " ID_A " 123", ID_A, 123));
    CHECK(hears("+OK " ID_A " 9223372036854775807", ID_A, INT64_MAX));
    CHECK(hears("+OK", "", 0) && hears("+OK ", "", 0) && hears("+OK " ID_A, "", 0));
    CHECK(hears("+OK " ID_A " ", "", 0) && hears("+OK " ID_A " x", "", 0));
    CHECK(hears("+OK " ID_A " 1 ", "", 0) && hears("+OK " ID_A "  1", "", 0));
    CHECK(hears("+OK " ID_A " -1", "", 0) && hears("+OK " ID_A "1 1", "", 0));
    CHECK(hears("+OK " ID_A " 9223372036854775808", "", 0));
    CHECK(hears("+OK -aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1", "", 0));
    CHECK(hears("+WHAT " ID_A " 1", "", 0) && hears("+WHA" ID_A " 1", "", 0));
    CHECK(hears("+NO " ID_A " 1", "", 0) && hears("-NO " ID_A " 1", "", 0));
}

TEST(a_fetching_server_announces_it)
{
    struct settings *s = settings_new();
    struct handshake h;
    struct chain out = {0};
    struct handshake_self self = {.run_id = ID_B, .promise = ID_A, .whole = true, .fetches = true};
    handshake_introduce(&h, s, &self, &out);
    CHECK(said(&out, "*3|$8|REPLCONF|$14|listening-port|$4|6379|"
                     "*5|$8|REPLCONF|$4|capa|$3|eof|$4|capa|$6|psync2|"
                     "*3|$8|REPLCONF|$7|version|$5|9.0.0|*3|$8|REPLCONF|$5|fetch|$1|1|"
                     "*6|$8|REPLCONF|$8|millrace|$1|1|$40|" ID_B "|$40|" ID_A "|$1|1|"));
    for (int i = 0; i < 4; i++)
        CHECK(handshake_heard(&h, BYTES("+OK")) == HANDSHAKE_WAITS);
    CHECK(handshake_heard(&h, BYTES("+OK " ID_A " 5")) == HANDSHAKE_GOES_ON && !h.foreign);
    CHECK(strcmp(h.own, ID_A) == 0 && h.own_offset == 5);
    handshake_introduce(&h, s, &self, &out); /* and forgets what was told before */
    CHECK(!*h.own);
    chain_free(&out);
    settings_free(s);
}

TEST(the_question_is_where_we_stand)
{
    struct journal *j = journal_new();
    struct handshake h = {0};
    struct chain out = {0};
    handshake_ask(&h, j, false, false, &out);
    CHECK(said(&out, "*3|$5|PSYNC|$1|?|$2|-1|") && !*h.id);
    CHECK(asked(&h, "+CONTINUE " ID_B) != HANDSHAKE_REST);
    journal_adopt(j, ID_A, 41);
    handshake_ask(&h, j, true, false, &out);
    CHECK(said(&out, "*3|$5|PSYNC|$40|" ID_A "|$2|42|"));
    journal_shift(j, ID_B); /* and nothing of it has come */
    handshake_ask(&h, j, true, false, &out);
    CHECK(said(&out, "*3|$5|PSYNC|$40|" ID_A "|$2|42|"));
    handshake_ask(&h, j, true, true, &out); /* whose own history the other side has */
    CHECK(said(&out, "*4|$5|PSYNC|$40|" ID_B "|$2|42|$8|FAILOVER|"));
    j->offset = j->effects_end = 50;
    handshake_ask(&h, j, true, false, &out);
    CHECK(said(&out, "*3|$5|PSYNC|$40|" ID_B "|$2|51|"));
    handshake_ask(&h, j, true, true, &out);
    CHECK(said(&out, "*4|$5|PSYNC|$40|" ID_B "|$2|51|$8|FAILOVER|"));
    CHECK(asked(&h, "-ERR no") == HANDSHAKE_LATER); /* and nothing else is tried */
    journal_free(j);
}

TEST(answers_to_it_are_understood)
{
    struct handshake h = {.id = ID_A};
    CHECK(asked(&h, "+FULLRESYNC " ID_B " 123") == HANDSHAKE_FULL);
    CHECK(strcmp(h.new_id, ID_B) == 0 && h.offset == 123);
    CHECK(asked(&h, "+CONTINUE") == HANDSHAKE_REST && !*h.new_id);
    CHECK(asked(&h, "+CONTINUE " ID_B) == HANDSHAKE_REST && strcmp(h.new_id, ID_B) == 0);
    CHECK(asked(&h, "+CONTINUE what") == HANDSHAKE_REST && !*h.new_id);
    CHECK(asked(&h, "-NOMASTERLINK no") == HANDSHAKE_LATER);
    CHECK(asked(&h, "-LOADING wait") == HANDSHAKE_LATER);
    CHECK(asked(&h, "-ERR unknown command") == HANDSHAKE_OLD);
    CHECK(asked(&h, "+OK") == HANDSHAKE_LATER && asked(&h, "") == HANDSHAKE_LATER);
    CHECK(asked(&h, "+FULLRESYNC") == HANDSHAKE_LATER);
    CHECK(asked(&h, "+FULLRESYNC " ID_B) == HANDSHAKE_LATER);
    CHECK(asked(&h, "+FULLRESYNC " ID_B " ") == HANDSHAKE_LATER);
    CHECK(asked(&h, "+FULLRESYNC " ID_B " -1") == HANDSHAKE_LATER);
    CHECK(asked(&h, "+FULLRESYNC xxxx" ID_B " 1") == HANDSHAKE_LATER);
}

TEST(offsets_are_acknowledged)
{
    struct chain out = {0};
    handshake_acknowledge(&out, 7, NULL);
    CHECK(said(&out, "*3|$8|REPLCONF|$3|ACK|$1|7|"));
    handshake_acknowledge(&out, 70, &(uint64_t){6});
    CHECK(said(&out, "*5|$8|REPLCONF|$3|ACK|$2|70|$4|FACK|$1|6|"));
    handshake_acknowledge(&out, 7, &(uint64_t){60});
    CHECK(said(&out, "*5|$8|REPLCONF|$3|ACK|$1|7|$4|FACK|$1|7|"));
}

TEST(lines_are_taken_when_they_are_whole)
{
    struct buf in = {0};
    char line[8];
    size_t n;
    CHECK(!handshake_line(&in, line, sizeof(line), &n));
    buf_add_text(&in, "+OK");
    CHECK(!handshake_line(&in, line, sizeof(line), &n));
    buf_add_text(&in, "\r\n\n-no\nlonger than eight\n");
    CHECK(handshake_line(&in, line, sizeof(line), &n) && n == 3 && memcmp(line, "+OK", 3) == 0);
    CHECK(handshake_line(&in, line, sizeof(line), &n) && n == 0);
    CHECK(handshake_line(&in, line, sizeof(line), &n) && n == 3 && memcmp(line, "-no", 3) == 0);
    CHECK(!handshake_line(&in, line, sizeof(line), &n));
    buf_free(&in);
}

UNIT_MAIN(T(replies_to_replconf_with_an_id_and_offset), T(a_fetching_server_announces_it),
          T(lines_are_taken_when_they_are_whole), T(replies_to_ping_in_the_handshake),
          T(answers_come_in_the_order_of_what_was_said), T(the_question_is_where_we_stand),
          T(answers_to_it_are_understood), T(offsets_are_acknowledged))
