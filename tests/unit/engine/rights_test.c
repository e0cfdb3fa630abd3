#include "engine/rights.h"

#include "acl/users.h"
#include "engine_commands.h"
#include "unit.h"

static struct user *add_user(struct bench *b, const char *name, const char *rules)
{
    struct user *u = users_add(b->engine.users, bytes_text(name));
    while (*rules) {
        size_t n = strcspn(rules, " ");
        user_apply(u, b->engine.registry, bytes_of(rules, n), false);
        rules += n + (rules[n] == ' ');
    }
    return u;
}

static struct rights_entry *denial(struct bench *b, int i)
{
    struct dlist_node *n = b->engine.denials.entries.next;
    for (; i > 0; i--)
        n = n->next;
    return dlist_item(n, struct rights_entry, node);
}

TEST(authentication)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    struct user *u = add_user(b, "u", "on >secret +@all ~* &*"),
                *off = add_user(b, "off", ">secret");
    client_set_anonymous(c, true);
    CHECK(!rights_authenticate(c, BYTES("AUTH"), BYTES("u"), BYTES("wrong")));
    CHECK((c->flags & CLIENT_AUTH_DELAYED) && c->failed_auths == 1 &&
          (c->flags & CLIENT_ANONYMOUS));
    CHECK(!rights_authenticate(c, BYTES("AUTH"), BYTES("nobody"), BYTES("secret")));
    CHECK(!rights_authenticate(c, BYTES("AUTH"), BYTES("off"), BYTES("secret")));
    CHECK(c->failed_auths == 3 && c->user != off && b->engine.denials.by_result[CHECK_AUTH] == 3);
    CHECK(denial(b, 0)->why == CHECK_AUTH && bytes_is(str_bytes(denial(b, 0)->user), "off"));
    CHECK(rights_authenticate(c, BYTES("AUTH"), BYTES("u"), BYTES("secret")));
    CHECK(c->user == u && c->failed_auths == 0 && !(c->flags & CLIENT_ANONYMOUS));
    CHECK(!(c->flags & CLIENT_RESTRICTED));
    bench_end(b);
}

TEST(new_connections_are_the_default_user)
{
    struct bench *b = bench_begin(engine_commands);
    struct user *d = b->engine.users->default_user;
    struct client *c = bench_client(b);
    CHECK(c->user == d && !(c->flags & (CLIENT_ANONYMOUS | CLIENT_RESTRICTED)));
    user_apply(d, b->engine.registry, BYTES(">password"), true);
    c = bench_client(b);
    CHECK(c->flags & CLIENT_ANONYMOUS);
    user_apply(d, b->engine.registry, BYTES("nopass"), true);
    user_apply(d, b->engine.registry, BYTES("off"), true);
    c = bench_client(b);
    CHECK(c->flags & CLIENT_ANONYMOUS);
    bench_end(b);
}

TEST(like_denials_are_one_entry_for_a_minute)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *c = bench_client(b);
    rights_set_user(c, add_user(b, "u", "on nopass +has ~a*"));
    CHECK(c->flags & CLIENT_RESTRICTED);
    bench_says(c, "HAS b");
    bench_says(c, "HAS b");
    bench_says(c, "HAS a");
    CHECK(e->denials.count == 1 && denial(b, 0)->count == 2 && denial(b, 0)->why == CHECK_KEY);
    CHECK(bytes_is(str_bytes(denial(b, 0)->object), "b") && e->denials.by_result[CHECK_KEY] == 2);
    bench_says(c, "PUT a"); /* another reason */
    CHECK(e->denials.count == 2 && denial(b, 0)->why == CHECK_COMMAND && denial(b, 0)->id == 1);
    bench_wait(b, 60000);
    bench_says(c, "HAS b"); /* still the same minute, and in front again */
    CHECK(e->denials.count == 2 && denial(b, 0)->count == 3 && denial(b, 0)->id == 0);
    CHECK(denial(b, 0)->updated_ms - denial(b, 0)->created_ms == 60000);
    bench_wait(b, 60001);
    bench_says(c, "HAS b");
    CHECK(e->denials.count == 3 && denial(b, 0)->count == 1 && denial(b, 0)->id == 2);
    b->settings->acllog_max_len = 2;
    bench_says(c, "HAS c");
    CHECK(e->denials.count == 2 && denial(b, 1)->id == 2);
    CHECK(denial(b, 1)->node.next == &e->denials.entries);
    rights_forget_denials(e);
    CHECK(e->denials.count == 0 && dlist_empty(&e->denials.entries));
    bench_end(b);
}

TEST(a_forgotten_denial_keeps_no_memory)
{
    struct bench *b = bench_begin(engine_commands);
    rights_authenticate(bench_client(b), BYTES("AUTH"), BYTES("nobody"), BYTES("x"));
    struct rights_entry *x = denial(b, 0);
    struct str *kept[] = {str_ref(x->object), str_ref(x->user), str_ref(x->client)};
    rights_forget_denials(&b->engine);
    for (int i = 0; i < 3; i++) {
        CHECK(kept[i]->refs == 1);
        str_unref(kept[i]);
    }
    bench_end(b);
}

/* What a stranger sends must not fill the memory. */
TEST(long_names_are_kept_in_part)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    char name[3000];
    memset(name, 'n', sizeof(name));
    rights_authenticate(c, BYTES("AUTH"), bytes_of(name, sizeof(name)), BYTES("x"));
    CHECK(denial(b, 0)->user->n == 1024 && denial(b, 0)->client->n <= 4096);
    CHECK(denial(b, 0)->client->p[denial(b, 0)->client->n - 1] != '\n');
    bench_end(b);
}

TEST(a_change_of_rights_reaches_clients)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct user *u = add_user(b, "u", "on nopass +@all ~* &news");
    struct client *c = bench_client(b), *d = bench_client(b), *admin = bench_client(b);
    rights_set_user(c, u);
    rights_set_user(d, u);
    CHECK(c->flags & CLIENT_RESTRICTED);
    c->subscriber = pubsub_join(c);
    pubsub_subscribe(e->pubsub, c->subscriber, PUBSUB_CHANNEL, BYTES("news"));
    rights_refresh(e, admin);
    CHECK(client_is_staying(c) && client_is_staying(d));
    user_apply(u, e->registry, BYTES("resetchannels"), false);
    rights_refresh(e, admin);
    CHECK((c->flags & CLIENT_CLOSING) && client_is_staying(d) && (d->flags & CLIENT_RESTRICTED));
    user_apply(u, e->registry, BYTES("allchannels"), false);
    rights_refresh(e, admin);
    CHECK(!(d->flags & CLIENT_RESTRICTED) && client_is_staying(admin));
    bench_end(b);
}

TEST(a_user_that_goes_takes_its_clients_along)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct user *u = add_user(b, "u", "on nopass +@all ~* &*");
    struct client *c = bench_client(b), *self = bench_client(b), *other = bench_client(b);
    rights_set_user(c, u);
    rights_set_user(self, u);
    rights_kick(e, u, self);
    users_remove(e->users, u);
    CHECK((c->flags & CLIENT_CLOSING) && c->user == e->users->default_user);
    CHECK((c->flags & CLIENT_ANONYMOUS) && client_is_staying(other));
    /* Who did it keeps its rights until its reply is sent. */
    CHECK(!(self->flags & CLIENT_CLOSING) && (self->flags & CLIENT_CLOSE_AFTER));
    CHECK(self->user == self->last_user && bytes_is(str_bytes(self->user->name), "u"));
    bench_end(b);
}

TEST(all_users_may_be_replaced)
{
    struct bench *b = bench_begin(engine_commands);
    struct engine *e = &b->engine;
    struct client *same = bench_client(b), *changed = bench_client(b), *gone = bench_client(b),
                  *plain = bench_client(b), *admin = bench_client(b);
    rights_set_user(same, add_user(b, "same", "on nopass +@all"));
    rights_set_user(changed, add_user(b, "changed", "on nopass +@all"));
    rights_set_user(gone, add_user(b, "gone", "on nopass +@all"));
    struct users *fresh = users_new(e->registry, b->settings->acl_pubsub_default == 1);
    struct buf error = {0};
    CHECK(users_read_file(fresh,
                          BYTES("user same on nopass +@all\n"
                                "user changed on nopass +@all -put\n"
                                "user new on nopass\n"),
                          "users", &error));
    rights_replace_users(e, fresh, admin);
    CHECK(client_is_staying(same) && !client_is_staying(changed) && !client_is_staying(gone));
    CHECK(client_is_staying(plain) && users_find(e->users, BYTES("new")));
    CHECK(!users_find(e->users, BYTES("gone")));
    struct user *u = users_find(e->users, BYTES("changed"));
    CHECK(u && u->on && !u->selectors[0].all_commands && users_find(e->users, BYTES("new"))->on);
    buf_free(&error);
    bench_end(b);
}

TEST(permission_for_keys_computed_from_data)
{
    struct bench *b = bench_begin(engine_commands);
    struct client *c = bench_client(b);
    struct bytes argv[] = {BYTES("HAS"), BYTES("k")};
    struct call call = {
        .command = &has_command, .client = c, .engine = &b->engine, .argv = argv, .argc = 2};
    CHECK(rights_read_all(&call));
    rights_set_user(c, add_user(b, "some", "on nopass +@all ~k"));
    CHECK(!rights_read_all(&call));
    c->flags |= CLIENT_REPLAY;
    CHECK(rights_read_all(&call));
    c->flags = CLIENT_ACT;
    CHECK(rights_read_all(&call));
    c->flags = 0;
    rights_set_user(c, add_user(b, "all", "on nopass +has ~*"));
    CHECK(rights_read_all(&call));
    bench_end(b);
}

UNIT_MAIN(T(authentication), T(new_connections_are_the_default_user),
          T(like_denials_are_one_entry_for_a_minute), T(a_forgotten_denial_keeps_no_memory),
          T(a_forgotten_denial_keeps_no_memory), T(long_names_are_kept_in_part),
          T(a_change_of_rights_reaches_clients), T(a_user_that_goes_takes_its_clients_along),
          T(all_users_may_be_replaced), T(permission_for_keys_computed_from_data))
