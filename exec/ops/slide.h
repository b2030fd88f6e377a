/* slide.h - one window after the other over slices that they share: HOP and CUMULATE.
 *
 *     slices     |..s1..|..s2..|..s3..|..s4..|          panes, of one width
 *     HOP             [ s1  s2  s3 ]                    fires, then moves on:
 *                            [ s2  s3  s4 ]             what left is taken off, what came is added
 *     CUMULATE   [ s1 ] [ s1 s2 ] [ s1 s2 s3 ]          only grows, until its longest window is
 * over
 *
 * The caller says which window comes next and hands over the panes that count from it on. The
 * groups of the window then stand ready as rows. Slices are kept as long as a window to come needs
 * them, because they are what a restart begins from; all else here can be made of them again. For
 * CUMULATE it is the other way round: the running pane is kept, and slices go into it. */
#pragma once
#include "exec/state/pane.h"
#include "exec/window.h"

typedef struct Slide Slide;

/* shape, of the slices, outlives it; so does cut's zone. */
Slide *slide_new(Arena *a, const PaneShape *shape, const WindowCut *cut);
void slide_free(Slide *s); /* NULL is fine */

/* The end of the window behind the current one, if it may have rows of slices that are here. */
bool slide_next(const Slide *s, i64 *ret_end_us);
/* On to the window with this end; it never goes back. */
void slide_to(Slide *s, i64 end_us);
/* Takes p: its rows count in the current window and in later ones, as long as these hold its slice.
 */
void slide_add(Slide *s, Pane *p);

u64 slide_bytes(const Slide *s); /* of all that it holds, but for what states own */

/* The pane with the keys of the current window's rows; NULL: there is no row. */
Pane *slide_window(const Slide *s);
i64 slide_window_start(const Slide *s); /* only when there are rows */
/* Up to n rows of it with the window's states, from row number *at on, which moves on; order: row
 * numbers in the order asked for, or NULL. Fewer than n: there are no more. Valid until the next
 * call on s. */
u32 slide_rows(Slide *s, const u32 *order, u32 *at, u32 n, u8 **ret_rows);

/* What a restart needs: HOP's slices, in no order, or CUMULATE's running pane. */
Pane *const *slide_panes(const Slide *s, u32 *ret_n);
/* Takes the running pane of an earlier slide_panes() (CUMULATE). */
void slide_restore_running(Slide *s, Pane *p);
