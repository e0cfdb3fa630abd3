/* Commands for the tests of acl: GET and SET of a key, COPY from one to another, SORT of a key with
 * keys made out of data, CONFIG with two subcommands, SELECT, PUBLISH, PSUBSCRIBE, AUTH. */
#ifndef SUPPORT_ACL_COMMANDS_H
#define SUPPORT_ACL_COMMANDS_H

#include "command/keys.h"
#include "command/registry.h"

static void acl_sort_keys(struct keys *to, const struct bytes *argv, int argc)
{
    (void)argv;
    keys_add(to, 1, KEY_RO | KEY_ACCESS);
    if (argc > 2)
        to->pattern = "BY";
}

static const struct command acl_get = {.name = "get",
                                       .arity = 2,
                                       .group = GROUP_STRING,
                                       .flags = COMMAND_READONLY,
                                       .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)}};
static const struct command acl_set = {.name = "set",
                                       .arity = 3,
                                       .group = GROUP_STRING,
                                       .flags = COMMAND_WRITE,
                                       .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE)}};
static const struct command acl_copy = {
    .name = "copy",
    .arity = 3,
    .flags = COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS), KEY_RANGE(2, 0, 1, KEY_OW | KEY_UPDATE)}};
static const struct command acl_sort = {
    .name = "sort", .arity = -2, .flags = COMMAND_READONLY, .find_keys = acl_sort_keys};
static const struct command acl_config_get = {
    .name = "get", .full_name = "config|get", .arity = -3, .flags = COMMAND_ADMIN};
static const struct command acl_config_set = {
    .name = "set", .full_name = "config|set", .arity = -4, .flags = COMMAND_ADMIN};
static const struct command *const acl_config_all[] = {&acl_config_get, &acl_config_set, NULL};
static const struct command acl_config = {
    .name = "config", .arity = -2, .subcommands = acl_config_all};
static const struct command acl_select = {.name = "select", .arity = 2};
static const struct command acl_publish = {
    .name = "publish", .arity = 3, .channels = COMMAND_ONE_CHANNEL, .flags = COMMAND_PUBSUB};
static const struct command acl_subscribe = {
    .name = "subscribe", .arity = -2, .channels = COMMAND_ALL_CHANNELS, .flags = COMMAND_PUBSUB};
static const struct command acl_psubscribe = {
    .name = "psubscribe", .arity = -2, .channels = COMMAND_ALL_PATTERNS, .flags = COMMAND_PUBSUB};
static const struct command acl_auth = {.name = "auth", .arity = -2, .flags = COMMAND_NO_AUTH};
static const struct command *const acl_commands[] = {
    &acl_get,     &acl_set,       &acl_copy,       &acl_sort, &acl_config, &acl_select,
    &acl_publish, &acl_subscribe, &acl_psubscribe, &acl_auth, NULL};

#endif
