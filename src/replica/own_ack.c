#include "replica/own_ack.h"

#define EACH_MS 1000

void own_ack_forget(struct own_ack *a)
{
    *a = (struct own_ack){.told_ms = a->told_ms};
}

bool own_ack_is_due(const struct own_ack *a, const struct own_ack_file *file, int64_t now_ms)
{
    return a->due || a->asked || now_ms - a->told_ms >= EACH_MS ||
           (a->owes_filed && file->filed >= a->owes_filed) ||
           (a->owes_synced && file->open && file->synced >= a->owes_synced);
}

uint64_t own_ack_tell(struct own_ack *a, const struct own_ack_file *file, uint64_t applied,
                      int64_t now_ms)
{
    uint64_t offset = a->asked ? a->offset : applied;
    if (a->asked) {
        a->owes_filed = a->offset;
        a->owes_synced = file->open ? a->offset : 0;
    }
    if (file->filed >= a->owes_filed)
        a->owes_filed = 0;
    if (!file->open || file->synced >= a->owes_synced)
        a->owes_synced = 0;
    a->due = a->asked = false;
    a->told_ms = now_ms;
    return offset < file->filed ? offset : file->filed;
}
