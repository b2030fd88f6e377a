/* screen.c - choosing the format, the footer below a result, and the notes beside it. */
#include "cli/screen.h"
#include "cli/width.h"
#include "grammar/lex.h"

/* ---- the format ----------------------------------------------------------------------------- */

/* The next word of the script, spaces and comments skipped; empty if it is no word. */
static Str
script_word(Str script, u32 *at)
{
    for (;;) {
        LexToken t = lex_next(script, *at);
        *at = t.pos + t.width;
        if (t.class == LEX_SPACE || t.class == LEX_COMMENT) continue;
        if (t.class != LEX_KEYWORD && t.class != LEX_NAME) return (Str){0};
        return (Str){script.ptr + t.pos, t.width};
    }
}

static bool
statement_answers_text(Str script, u32 from)
{
    Str first = script_word(script, &from);
    if (str_eq_nocase(first, STR("EXPLAIN"))) return true;
    return str_eq_nocase(first, STR("SHOW")) &&
           str_eq_nocase(script_word(script, &from), STR("CREATE"));
}

static bool
screen_on_terminal(const Cli *cli)
{
    return cli->term.out_tty && !cli->to_file;
}

static const RenderDef *
screen_format(const Screen *s)
{
    const Cli *cli = s->cli;
    if (cli->format) return cli->format;
    if (s->plain) return &render_plain;
    return screen_on_terminal(cli) ? &render_table : &render_csv;
}

static RenderStyle
screen_style(const Cli *cli)
{
    bool terminal = screen_on_terminal(cli);
    u32 columns = cli->columns ? cli->columns : terminal ? terminal_columns() : 0;
    return (RenderStyle){
        .header = cli->header,
        .null_text = strbuf_view(&cli->null_text),
        .null_set = cli->null_set,
        .color = cli->term.out_color && !cli->to_file,
        .utf8 = cli->term.utf8,
        .terminal = terminal,
        .columns = columns,
    };
}

/* ---- callbacks ------------------------------------------------------------------------------ */

static Status
screen_begin(void *ctx, const WeirColumn *columns, u32 ncolumns, Err *err)
{
    Screen *s = ctx;
    (void)err;
    progress_erase(&s->progress);
    RenderStyle style = screen_style(s->cli);
    render_open(&s->render, screen_format(s), &style, s->cli->weir, &s->cli->out, columns,
                ncolumns);
    s->has_rows = true;
    return ERR_OK;
}

static Status
screen_rows(void *ctx, const Batch *b, Err *err)
{
    Screen *s = ctx;
    progress_erase(&s->progress);
    TRY(s->render.def->rows(&s->render, b, err));
    return output_batch(&s->cli->out, err);
}

static void
screen_progress(void *ctx, const WeirProgress *now)
{
    Screen *s = ctx;
    Err err; /* a failure to write shows itself at the next row or at the end */
    Status st = ERR_OK;
    if (s->has_rows && s->render.def->tick) st = s->render.def->tick(&s->render, &err);
    if (!st && s->cli->out.text.len) {
        progress_erase(&s->progress);
        st = output_flush(&s->cli->out, &err);
    }
    /* A signal may have come just before the statement forgot earlier ones. */
    signals_repeat(s->cli->signals);
    if (st && s->cli->out.gone) weir_interrupt(s->cli->weir);
    progress_draw(&s->progress, now);
}

static void
screen_say(Screen *s, const char *sgr, const char *kind, Str text)
{
    StrBuf line = {0};
    bool color = s->cli->term.err_color;
    progress_erase(&s->progress);
    if (color) strbuf_str(&line, str_from(sgr));
    strbuf_printf(&line, "%s:", kind);
    if (color) strbuf_str(&line, STR(SGR_RESET));
    strbuf_char(&line, ' ');
    (void)width_show(&line, text, s->cli->term.utf8);
    strbuf_char(&line, '\n');
    notice(strbuf_view(&line));
    strbuf_done(&line);
}

static void
screen_warning(void *ctx, const char *text)
{
    screen_say(ctx, SGR_YELLOW, "warning", str_from(text));
}

static void
screen_remark(void *ctx, const char *text)
{
    Screen *s = ctx;
    if (!s->cli->opt.quiet) screen_say(s, SGR_YELLOW, "note", str_from(text));
}

static void
screen_note(Screen *s, u64 n, const char *one, const char *many)
{
    if (n == 0 || s->cli->opt.quiet) return;
    StrBuf text = {0};
    count_print(&text, n);
    strbuf_printf(&text, " %s", n == 1 ? one : many);
    screen_say(s, SGR_YELLOW, "note", strbuf_view(&text));
    strbuf_done(&text);
}

/* 812 rows, 9 of 12 columns shown, 3 late (1.42 s) */
static void
screen_footer(Screen *s, StrBuf *out, const WeirSummary *sum)
{
    const Cli *cli = s->cli;
    count_print(out, s->render.rows);
    strbuf_str(out, s->render.rows == 1 ? STR(" row") : STR(" rows"));
    if (s->render.hidden) {
        strbuf_printf(out, ", %u of %u columns shown", s->render.ncol - s->render.hidden,
                      s->render.ncol);
    }
    if (sum->rows_late) {
        strbuf_str(out, STR(", "));
        count_print(out, sum->rows_late);
        strbuf_str(out, STR(" late"));
    }
    if (sum->rows_skipped) {
        strbuf_str(out, STR(", "));
        count_print(out, sum->rows_skipped);
        strbuf_str(out, STR(" skipped"));
    }
    if (sum->ran && screen_on_terminal(cli)) {
        strbuf_str(out, STR(" ("));
        seconds_print(out, sum->seconds);
        strbuf_char(out, ')');
    }
    strbuf_char(out, '\n');
}

/* What a statement without rows did: its message, or for an INSERT how many rows it wrote. */
static void
screen_message(Screen *s, const WeirSummary *sum)
{
    bool wanted = s->cli->interactive || (sum->ran && s->cli->term.err_tty);
    bool says = sum->message || (sum->ran && !s->has_rows);
    if (!says || !wanted || s->cli->opt.quiet) return;
    StrBuf line = {0};
    if (sum->message) {
        (void)width_show(&line, str_from(sum->message), s->cli->term.utf8);
    } else {
        count_print(&line, sum->rows_out);
        strbuf_str(&line, sum->rows_out == 1 ? STR(" row written") : STR(" rows written"));
    }
    if (sum->ran) {
        strbuf_str(&line, STR(" ("));
        seconds_print(&line, sum->seconds);
        strbuf_char(&line, ')');
    }
    strbuf_char(&line, '\n');
    notice(strbuf_view(&line));
    strbuf_done(&line);
}

static Status
screen_end(void *ctx, const WeirSummary *sum, Err *err)
{
    Screen *s = ctx;
    Cli *cli = s->cli;
    progress_erase(&s->progress);
    bool footer = false;
    if (s->has_rows) {
        TRY(s->render.def->end(&s->render, false, err));
        footer = s->render.def->footer && !cli->opt.quiet;
        if (footer) screen_footer(s, &cli->out.text, sum);
        TRY(output_flush(&cli->out, err));
    }
    screen_message(s, sum);
    bool timed = (footer && screen_on_terminal(cli)) || !s->has_rows;
    if (cli->timer && sum->ran && !timed && !cli->opt.quiet) {
        StrBuf text = {0};
        seconds_print(&text, sum->seconds);
        screen_say(s, SGR_DIM, "time", strbuf_view(&text));
        strbuf_done(&text);
    }
    screen_note(s, sum->rows_late, "late row left out of its window",
                "late rows left out of their windows");
    screen_note(s, sum->rows_skipped, "malformed record skipped", "malformed records skipped");
    render_close(&s->render);
    s->has_rows = false;
    return ERR_OK;
}

void
screen_open(Screen *s, Cli *cli, Str script, u32 from)
{
    *s = (Screen){.cli = cli, .progress = {.cli = cli}};
    s->plain = statement_answers_text(script, from);
    s->output = (WeirOutput){
        .ctx = s,
        .begin = screen_begin,
        .rows = screen_rows,
        .end = screen_end,
        .warning = screen_warning,
        .note = screen_remark,
        .progress = screen_progress,
    };
}

Status
screen_close(Screen *s, Status st, Err *err)
{
    progress_erase(&s->progress);
    if (s->has_rows && !s->cli->out.gone) {
        /* What is held back is part of what the statement did; its own error stays the error. */
        Err second;
        if (s->render.rows == 0) s->cli->out.text.len = 0; /* no head without a body */
        Status end = s->render.rows ? s->render.def->end(&s->render, true, &second) : ERR_OK;
        if (!st && end) {
            st = end;
            *err = second;
        }
    }
    render_close(&s->render);
    s->has_rows = false;
    return st;
}
