#!/usr/bin/python3
"""Makes protocol.h (structures, numbers) and protocol.c (codec and dispatch tables) of protocol.table.

    generate.py TABLE OUTPUT.h OUTPUT.c
"""
import re
import sys

SCALARS = {"int": "gint32", "uint": "guint32", "hyper": "gint64", "uhyper": "guint64", "double": "double",
           "char": "gint8", "uchar": "guint8", "ushort": "guint16", "string": "char *", "opaque": "guint8",
           "uuid": "guint8", "typed_value": "RpcTypedValue"}
FIELD = re.compile(r"(\w+):(\w+)(\?|\[(\d+)\]|\{(\d+)\})?$")


def camel(name):
    return "".join(part[:1].upper() + part[1:].lower() for part in name.split("_"))


class Field:
    def __init__(self, text):
        match = FIELD.match(text)
        if not match:
            sys.exit("generate.py: cannot understand the field '%s'" % text)
        self.name, self.type, form, var, fixed = match.groups()
        self.form = "ONE"
        self.limit = 0
        if form == "?":
            self.form = "OPTIONAL"
        elif var:
            self.form, self.limit = "VAR", int(var)
        elif fixed:
            self.form, self.limit = "FIXED", int(fixed)
        if self.type == "uuid":
            self.type, self.form, self.limit = "opaque", "FIXED", 16

    @property
    def ctype(self):
        return SCALARS.get(self.type) or "Remote" + camel(self.type)

    def declare(self):
        blank = "" if self.ctype.endswith("*") else " "
        if self.form == "VAR":
            return "guint n_%s; %s%s*%s;" % (self.name, self.ctype, blank, self.name)
        if self.form == "FIXED":
            return "%s%s%s[%d];" % (self.ctype, blank, self.name, self.limit)
        if self.form == "OPTIONAL" and self.type != "string":
            return "%s%s*%s;" % (self.ctype, blank, self.name)
        return "%s%s%s;" % (self.ctype, blank, self.name)

    def row(self, owner):
        count = "offsetof(%s, n_%s)" % (owner, self.name) if self.form == "VAR" else "0"
        kind = "STRUCT" if self.type not in SCALARS else self.type.upper()
        nested = "&xdr_Remote%s" % camel(self.type) if kind == "STRUCT" else "NULL"
        return "    { XDR_%s, XDR_%s, %d, offsetof(%s, %s), %s, %s },\n" % (kind, self.form, self.limit, owner, self.name, count, nested)


class Output:
    def __init__(self):
        self.header, self.types, self.procedures, self.known = [], [], [], set()
        self.program = self.prefix = None

    def struct(self, name, fields):
        """Declares it unless it is empty or there already; gives the reference to its codec."""
        if not fields:
            return "NULL"
        if name not in self.known:
            self.known.add(name)
            self.header.append("typedef struct { %s } %s;\n" % (" ".join(f.declare() for f in fields), name))
            self.types.append("static const XdrField fields_%s[] = {\n%s};\nstatic const XdrType xdr_%s = { sizeof(%s), fields_%s, %d };\n"
                              % (name, "".join(f.row(name) for f in fields), name, name, name, len(fields)))
        return "&xdr_" + name

    def number(self, name, number):
        infix = "" if self.program == "remote" else self.program.upper() + "_"
        self.header.append("#define PROC_%s%s %s\n" % (infix, name, number))
        return "PROC_%s%s" % (infix, name)

    def line(self, words):
        if words[0] == "struct":
            self.struct("Remote" + camel(words[1]), [Field(w) for w in words[2:]])
        elif words[0] == "program":
            self.program, self.prefix = words[1], camel(words[1])
            self.header.append("\n#define %s_PROGRAM %su\n" % (words[1].upper(), words[2]))
        elif words[0] == "call":
            self.call(words)
        elif words[0] == "event":
            fields = [Field(w) for w in words[4:]]
            codec = self.struct(self.prefix + camel(words[2]) + "Msg", fields)
            self.procedure(words[1], words[2], "", "allowed", "-", "true", codec, "NULL")
        else:
            sys.exit("generate.py: cannot understand the line '%s'" % " ".join(words))

    def call(self, words):
        _, number, name, api, readonly, stream = words[:6]
        arrow = words.index("->")
        args = self.struct(self.prefix + camel(name) + "Args", [Field(w) for w in words[7:arrow]])
        ret = self.struct(self.prefix + camel(name) + "Ret", [Field(w) for w in words[arrow + 1:]])
        self.procedure(number, name, api, readonly, stream, "false", args, ret)

    def procedure(self, number, name, api, readonly, stream, event, args, ret):
        constant = self.number(name, number)
        self.procedures.append('    { %s_PROGRAM, %s, "%s", "%s", RPC_READONLY_%s, %s, %s, %s, %s },\n' % (
            self.program.upper(), constant, name, api, readonly.upper(), event, "false" if stream == "-" else "true", args, ret))


def main(table, header, source):
    out = Output()
    with open(table) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                out.line(line.split())
    with open(header, "w") as f:
        f.write("/* Generated from protocol.table. */\n#ifndef QV_RPC_PROTOCOL_H\n#define QV_RPC_PROTOCOL_H\n"
                "#include \"rpc/xdr.h\"\n\n%s\n#endif\n" % "".join(out.header))
    with open(source, "w") as f:
        f.write("/* Generated from protocol.table. */\n#include \"rpc/procedure.h\"\n\n%s\n"
                "const RpcProcedure rpc_procedures[] = {\n%s};\nconst guint rpc_n_procedures = %d;\n"
                % ("".join(out.types), "".join(out.procedures), len(out.procedures)))


main(*sys.argv[1:])
