/* help.c - `weir help [TOPIC]`, made from the same tables that the program works by. */
#include "cli/cli.h"

static void
help_section(Cli *cli, const char *title)
{
    bool color = cli->term.out_color;
    strbuf_printf(&cli->out.text, "%s%s%s\n", color ? SGR_BOLD : "", title, color ? SGR_RESET : "");
}

static void
help_commands(Cli *cli)
{
    const CommandRow *rows;
    u32 n = command_rows(&rows);
    for (u32 i = 0; i < n; i++) {
        StrBuf head = {0};
        strbuf_printf(&head, "%s %s", rows[i].name, rows[i].args);
        strbuf_printf(&cli->out.text, "  weir %-20s %s\n", head.ptr, rows[i].doc);
        strbuf_done(&head);
    }
}

static void
help_option(Cli *cli, const OptionRow *row)
{
    StrBuf head = {0};
    if (row->letter) {
        strbuf_printf(&head, "-%c, ", row->letter);
    } else {
        strbuf_str(&head, STR("    "));
    }
    strbuf_printf(&head, "--%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
    strbuf_printf(&cli->out.text, "  %-26s %s\n", head.ptr, row->doc);
    strbuf_done(&head);
}

static void
help_options(Cli *cli)
{
    const OptionRow *rows;
    u32 n = option_rows(&rows);
    for (u32 i = 0; i < n; i++) help_option(cli, &rows[i]);
}

static void
help_usage(Cli *cli)
{
    StrBuf *out = &cli->out.text;
    strbuf_str(out, STR("weir: continuous SQL over files and streams\n\n"));
    help_section(cli, "Usage");
    strbuf_str(out, STR("  weir                      the interactive shell; runs SQL from a pipe\n"
                        "  weir [options] FILE       run a script; ends at the first error\n"
                        "  weir -c SQL               run statements\n"));
    help_commands(cli);
    strbuf_char(out, '\n');
    help_section(cli, "Options");
    help_options(cli);
    strbuf_str(out, STR("\nTopics of `weir help`: connectors, functions, settings, formats, "
                        "exit-codes, errors,\nan error code (W2013), a command, an option, a "
                        "function.\n"));
}

static void
help_formats(Cli *cli)
{
    for (u32 i = 0; render_at(i); i++) {
        strbuf_printf(&cli->out.text, "  %-10s %s\n", render_at(i)->name, render_at(i)->doc);
    }
    strbuf_str(&cli->out.text, STR("\nWithout --format: table on a terminal, csv elsewhere.\n"));
}

static const char *const status_texts[STATUS_COUNT] = {
#define STATUS(name, exit_code, text) [ERR_##name] = text,
#include "base/status.def"
#undef STATUS
};

static void
help_exit_codes(Cli *cli)
{
    for (u32 i = 0; i < STATUS_COUNT; i++) {
        strbuf_printf(&cli->out.text, "  %3d  %s\n", status_exit((Status)i), status_texts[i]);
    }
    strbuf_str(&cli->out.text, STR("  143  stopped by SIGTERM (129: by SIGHUP)\n"));
}

/* A page of the manual: connectors, functions, settings, errors. */
static bool
help_page(Cli *cli, Str topic)
{
    for (u32 i = 0; i < WEIR_PAGE_COUNT; i++) {
        if (!str_eq(topic, str_from(weir_page_name((WeirPage)i)))) continue;
        weir_page((WeirPage)i, &cli->out.text);
        return true;
    }
    return false;
}

/* "W2013", in any case. */
static bool
help_error(Cli *cli, Str topic)
{
    for (u32 c = W0000 + 1; c < ERRCODE_COUNT; c++) {
        if (!str_eq_nocase(topic, str_from(errcode_name((ErrCode)c)))) continue;
        Status st = errcode_status((ErrCode)c);
        strbuf_printf(&cli->out.text, "%s: %s\n\n%s (%s, exit code %d)\n", errcode_name((ErrCode)c),
                      errcode_text((ErrCode)c), status_texts[st], status_name(st), status_exit(st));
        return true;
    }
    return false;
}

/* ---- functions ------------------------------------------------------------------------------ */

typedef struct FunctionHelp {
    Cli *cli;
    Str wanted;
    bool found;
} FunctionHelp;

static void
help_each_function(void *ctx, Str name, Str detail)
{
    FunctionHelp *h = ctx;
    if (!str_eq_nocase(h->wanted, name)) return;
    h->found = true;
    strbuf_printf(&h->cli->out.text, "  %-20.*s %.*s\n", STR_ARG(name), STR_ARG(detail));
}

static bool
help_function(Cli *cli, Str wanted)
{
    FunctionHelp h = {.cli = cli, .wanted = wanted};
    weir_list(cli->weir, WEIR_FUNCTIONS, (Str){0}, help_each_function, &h);
    return h.found;
}

/* ---- topics --------------------------------------------------------------------------------- */

static bool
help_option_or_command(Cli *cli, Str topic)
{
    const CommandRow *commands;
    u32 n = command_rows(&commands);
    for (u32 i = 0; i < n; i++) {
        if (!str_eq(topic, str_from(commands[i].name))) continue;
        strbuf_printf(&cli->out.text, "weir %s %s\n\n%s\n", commands[i].name, commands[i].args,
                      commands[i].doc);
        return true;
    }
    while (topic.len && topic.ptr[0] == '-') topic = (Str){topic.ptr + 1, topic.len - 1};
    const OptionRow *rows;
    n = option_rows(&rows);
    for (u32 i = 0; i < n; i++) {
        bool letter = topic.len == 1 && rows[i].letter == topic.ptr[0];
        if (!letter && !str_eq(topic, str_from(rows[i].name))) continue;
        help_option(cli, &rows[i]);
        return true;
    }
    return false;
}

static bool
help_topic(Cli *cli, Str topic)
{
    if (str_eq(topic, STR("formats"))) {
        help_formats(cli);
    } else if (str_eq(topic, STR("exit-codes"))) {
        help_exit_codes(cli);
    } else if (str_eq(topic, STR("options"))) {
        help_options(cli);
    } else if (str_eq(topic, STR("commands"))) {
        help_commands(cli);
    } else if (!help_page(cli, topic) && !help_error(cli, topic) &&
               !help_option_or_command(cli, topic)) {
        int code = cli_open(cli, NULL);
        return code == 0 && help_function(cli, topic);
    }
    return true;
}

int
command_help(Cli *cli)
{
    const Options *o = &cli->opt;
    Err err = {.pos = POS_NONE};
    /* `weir help X` and `weir X --help` */
    bool named = o->noperands > 0 && strcmp(o->operand[0], "help") != 0;
    Str topic = named              ? str_from(o->operand[0])
                : o->noperands > 1 ? str_from(o->operand[1])
                                   : (Str){0};
    if (topic.len == 0) {
        help_usage(cli);
    } else if (!help_topic(cli, topic)) {
        Status st = err_set(&err, W8001, POS_NONE, "there is no help on \"%.100s\"", topic.ptr);
        return cli_fail(cli, err_hint(&err, st, "`weir help` lists the topics."), &err);
    }
    Status st = output_flush(&cli->out, &err);
    return st ? cli_fail(cli, st, &err) : 0;
}

int
command_version(Cli *cli)
{
    Err err = {.pos = POS_NONE};
    strbuf_printf(&cli->out.text, "weir %s\n", weir_version());
    Status st = output_flush(&cli->out, &err);
    return st ? cli_fail(cli, st, &err) : 0;
}
