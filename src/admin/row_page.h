/* A page of survey rows, written into a JSON response in parts, so that no turn of the event loop
 * is long, however many rows there are to select from and to write. */
#ifndef ADMIN_ROW_PAGE_H
#define ADMIN_ROW_PAGE_H

#include "acl/user.h"
#include "admin/render.h"
#include "survey/rows.h"

struct row_page;

/* Takes ownership of both; the render must not have written anything yet. */
struct row_page *row_page_begin(struct rows_page *rows, const struct render *r);
void row_page_end(struct row_page *p);
/* Gathers or writes rows for about 150 us, only those of keys that the user may read. The caller
 * calls it again, in later turns, until it returns false: the page is complete. */
bool row_page_step(struct row_page *p, const struct user *user);
/* For render_write_place(). */
const struct render *row_page_render(const struct row_page *p);

#endif
