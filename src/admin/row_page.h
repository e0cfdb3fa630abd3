/* A page of the survey's rows as members of an answer, made in parts so that neither many rows to
 * choose from nor many to write make a long turn. */
#ifndef ADMIN_ROW_PAGE_H
#define ADMIN_ROW_PAGE_H

#include "acl/user.h"
#include "admin/render.h"
#include "survey/rows.h"

struct row_page;

/* Takes over the rows and the render, which has written nothing yet. */
struct row_page *row_page_begin(struct rows_page *rows, const struct render *r);
void row_page_end(struct row_page *p);
/* Does the next part, of about 150 us, as this user. False: the page is written. */
bool row_page_step(struct row_page *p, const struct user *user);
/* What was written, for the place of the last row. */
const struct render *row_page_render(const struct row_page *p);

#endif
