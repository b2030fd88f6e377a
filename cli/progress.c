/* progress.c - rows, rate, share of the bytes and time left, from what the front desk counts. */
#include "cli/progress.h"
#include "cli/width.h"

#include <unistd.h>

static const f64 DRAW_AFTER_SECONDS = 0.5;

void
notice(Str text)
{
    while (text.len) {
        ssize_t n = write(STDERR_FILENO, text.ptr, text.len);
        if (n <= 0) return; /* nobody listens: nothing to tell it to */
        text = (Str){text.ptr + n, text.len - (u32)n};
    }
}

void
count_print(StrBuf *out, u64 n)
{
    char digits[32];
    u32 len = 0;
    do {
        if (len % 4 == 3) digits[len++] = ',';
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (len) strbuf_char(out, digits[--len]);
}

/* 12.3M: three figures are enough for a line that changes ten times a second. */
static void
rough_print(StrBuf *out, f64 n)
{
    static const char units[] = " kMGT";
    u32 unit = 0;
    while (n >= 999.5 && unit < 4) {
        n /= 1000;
        unit++;
    }
    if (unit == 0) {
        strbuf_printf(out, "%.0f", n);
    } else {
        strbuf_printf(out, "%.*f%c", n < 10 ? 2 : n < 100 ? 1 : 0, n, units[unit]);
    }
}

void
seconds_print(StrBuf *out, f64 seconds)
{
    if (seconds < 1) {
        strbuf_printf(out, "%.3f s", seconds);
    } else if (seconds < 120) {
        strbuf_printf(out, "%.2f s", seconds);
    } else {
        u64 whole = (u64)seconds;
        strbuf_printf(out, "%llu min %llu s", (unsigned long long)(whole / 60),
                      (unsigned long long)(whole % 60));
    }
}

static void
progress_text(StrBuf *line, const WeirProgress *now)
{
    rough_print(line, (f64)now->rows_in);
    strbuf_str(line, STR(" rows in, "));
    rough_print(line, (f64)now->rows_in / now->seconds);
    strbuf_str(line, STR(" rows/s"));
    if (now->rows_out) {
        strbuf_str(line, STR(", "));
        rough_print(line, (f64)now->rows_out);
        strbuf_str(line, STR(" out"));
    }
    if (now->rows_late) {
        strbuf_str(line, STR(", "));
        rough_print(line, (f64)now->rows_late);
        strbuf_str(line, STR(" late"));
    }
    if (now->bytes_total && now->bytes_in) {
        f64 share = MIN((f64)now->bytes_in / (f64)now->bytes_total, 1.0);
        strbuf_printf(line, ", %.0f %%", share * 100);
        strbuf_printf(line, ", %.0f s left", now->seconds / share - now->seconds);
    } else {
        strbuf_printf(line, ", %.0f s", now->seconds);
    }
}

void
progress_draw(Progress *p, const WeirProgress *now)
{
    if (p->cli->opt.quiet || !p->cli->term.moves || now->seconds < DRAW_AFTER_SECONDS) return;
    StrBuf text = {0}, line = {0};
    progress_text(&text, now);
    u32 width;
    text.len = width_fit(strbuf_view(&text), terminal_columns() - 1, &width);
    bool color = p->cli->term.err_color;
    strbuf_printf(&line, "%s%s%.*s%s", LINE_ERASE, color ? SGR_DIM : "", (int)text.len, text.ptr,
                  color ? SGR_RESET : "");
    notice(strbuf_view(&line));
    p->drawn = true;
    strbuf_done(&text);
    strbuf_done(&line);
}

void
progress_erase(Progress *p)
{
    if (!p->drawn) return;
    notice(STR(LINE_ERASE));
    p->drawn = false;
}
