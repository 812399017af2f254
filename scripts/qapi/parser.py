# QAPI schema files: from text to expressions and their documentation
#
# A schema file holds dictionaries in a JSON-like notation with single-quoted
# strings, comments that start with '#', and documentation blocks between two
# lines of '##'.  This module knows the notation only; what a dictionary may
# say is check.py's business.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re


class QapiError(Exception):
    """A fault in a schema, with the place where it is."""

    def __init__(self, where, message):
        super().__init__(f'{where}: {message}')


class Where:
    """A line of a schema file."""

    __slots__ = ('path', 'line')

    def __init__(self, path, line):
        self.path = path
        self.line = line

    def __str__(self):
        return f'{self.path}:{self.line}'


class Dict(dict):
    """A dictionary that knows on which lines it and its keys stand."""

    def __init__(self, where):
        super().__init__()
        self.where = where
        self.key_where = {}


class List(list):
    """A list that knows on which lines it and its items stand."""

    def __init__(self, where):
        super().__init__()
        self.where = where
        self.item_where = []


class Doc:
    """One documentation block.

    symbol is None for free text.  members and features map a name to its
    text; only the first paragraph of each text is kept, because that is what
    help shows.  A command may be described by what it returns alone.  lines is
    all of it as it was written, for the reference.
    """

    TAGS = re.compile(r'(Returns|Errors|Since|Notes?|Examples?|TODO)::?(\s|$)')
    NAMED = re.compile(r'@([^\s:]+):(?:\s+(.*))?$')

    def __init__(self, where, lines):
        self.where = where
        self.lines = lines
        self.symbol = None
        self.members = {}
        self.features = {}
        self.member_where = {}
        self.body = []
        self.returns = []
        self._read(lines)
        self.text = self._join(self.body or self.returns)
        self.members = {k: self._join(v) for k, v in self.members.items()}
        self.features = {k: self._join(v) for k, v in self.features.items()}

    @staticmethod
    def _join(lines):
        text = ' '.join(lines)
        return re.sub(r'(?<!\w)@(?=\w)', '', text).strip()

    def _read(self, lines):
        named = self.members
        section = self.body
        after_blank = False
        start = 0
        if lines:
            match = self.NAMED.match(lines[0])
            if match:
                self.symbol = match.group(1)
                if match.group(2):
                    self.body.append(match.group(2))
                start = 1
        for number, line in enumerate(lines[start:], start):
            where = Where(self.where.path, self.where.line + 1 + number)
            match = self.symbol and self.NAMED.match(line)
            if match:
                name = match.group(1)
                if name in named:
                    raise QapiError(where, f"'{name}' is documented twice")
                section = named[name] = []
                self.member_where[name] = where
                if match.group(2):
                    section.append(match.group(2))
            elif line == 'Features:':
                named = self.features
                section = None
            elif self.TAGS.match(line):
                section = None
                if line.startswith('Returns: '):
                    section = self.returns
                    section.append('Returns ' + line[9:].strip())
            elif not line.strip():
                after_blank = True
                if section and section is self.body:
                    section = None
                continue
            elif section is not None:
                if after_blank and section:
                    section = None
                else:
                    section.append(line.strip())
            after_blank = False


TOKEN = re.compile(r'''
    (?P<space>[ \t\r]+)
  | (?P<newline>\n)
  | (?P<comment>\#[^\n]*)
  | (?P<string>'(?:[^'\\\n]|\\.)*')
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.]))
  | (?P<word>[A-Za-z_]\w*)
  | (?P<punct>[{}\[\]:,])
''', re.VERBOSE)

WORDS = {'true': True, 'false': False, 'null': None}
MAX_NESTING = 32


class Parser:
    """Reads one file; expressions is a list of (Dict, Doc or None), documents
    one of every Doc."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.pos = 0
        self.line = 1
        self.kind = None
        self.value = None
        self.token_line = 1
        self.doc = None
        self.expressions = []
        self.documents = []
        self._next()
        while self.kind != 'end':
            doc, self.doc = self.doc, None
            where = self._where()
            if self.value != '{' or self.kind != 'punct':
                raise QapiError(where, "expected '{'")
            expression = self._parse_value(0)
            self.expressions.append((expression, doc))
        self._unused_doc()

    def _where(self):
        return Where(self.path, self.token_line)

    def _unused_doc(self):
        if self.doc and self.doc.symbol:
            raise QapiError(self.doc.where,
                            f"documentation of '{self.doc.symbol}' is not "
                            "followed by its definition")

    def _read_doc(self):
        where = Where(self.path, self.line)
        lines = []
        end = self.text.find('\n', self.pos)
        while 0 <= end < len(self.text) - 1:
            start = end + 1
            end = self.text.find('\n', start)
            line = self.text[start:end if end >= 0 else None].rstrip()
            self.line += 1
            if line == '##':
                self.pos = end if end >= 0 else len(self.text)
                self._unused_doc()
                self.doc = Doc(where, lines)
                self.documents.append(self.doc)
                return
            if line != '#' and not line.startswith('# '):
                raise QapiError(Where(self.path, self.line),
                                "a line in a documentation block must start "
                                "with '# '")
            lines.append(line[2:])
        raise QapiError(where, "documentation block has no closing '##'")

    def _next(self):
        text = self.text
        while self.pos < len(text):
            match = TOKEN.match(text, self.pos)
            if not match:
                char = text[self.pos]
                raise QapiError(Where(self.path, self.line),
                                'string has no closing quote' if char == "'"
                                else f'stray {char!r}')
            kind = match.lastgroup
            if kind == 'comment':
                at_start = self.pos == 0 or text[self.pos - 1] == '\n'
                if at_start and match.group().rstrip() == '##':
                    if self.kind is not None and self.depth:
                        raise QapiError(Where(self.path, self.line),
                                        'documentation inside an expression')
                    self._read_doc()
                    continue
            self.pos = match.end()
            if kind == 'newline':
                self.line += 1
            elif kind not in ('space', 'comment'):
                self.kind = kind
                self.value = match.group()
                self.token_line = self.line
                if kind == 'string':
                    self.value = self._unquote(self.value)
                return
        self.kind = 'end'
        self.value = 'end of file'
        self.token_line = self.line

    depth = 0

    def _unquote(self, quoted):
        value = re.sub(r'\\(.)', lambda m: self._escape(m.group(1)),
                       quoted[1:-1])
        if not value.isprintable() or not value.isascii():
            raise QapiError(self._where(),
                            'a string may hold printable ASCII only')
        return value

    def _escape(self, char):
        if char not in "\\'\"/":
            raise QapiError(self._where(), f'unknown escape \\{char}')
        return char

    def _expect(self, punct):
        if self.kind != 'punct' or self.value != punct:
            raise QapiError(self._where(), f"expected '{punct}'")
        self._next()

    def _is(self, punct):
        return self.kind == 'punct' and self.value == punct

    def _parse_value(self, depth):
        where = self._where()
        kind, value = self.kind, self.value
        if depth > MAX_NESTING:
            raise QapiError(where, 'nested too deep')
        if kind == 'punct' and value == '{':
            return self._parse_dict(depth)
        if kind == 'punct' and value == '[':
            return self._parse_list(depth)
        if kind == 'string':
            result = value
        elif kind == 'number':
            integer = value.lstrip('-').isdigit()
            result = int(value) if integer else float(value)
        elif kind == 'word' and value in WORDS:
            result = WORDS[value]
        else:
            raise QapiError(where, 'expected a value')
        self._next()
        return result

    def _parse_dict(self, depth):
        result = Dict(self._where())
        self.depth = depth + 1
        self._next()
        while not self._is('}'):
            where = self._where()
            if self.kind != 'string':
                raise QapiError(where, "expected a quoted key or '}'")
            key = self.value
            if key in result:
                raise QapiError(where, f"key '{key}' is given twice")
            self._next()
            self._expect(':')
            result[key] = self._parse_value(depth + 1)
            result.key_where[key] = where
            if not self._is('}'):
                if not self._is(','):
                    raise QapiError(self._where(), "expected ',' or '}'")
                self._next()
                if self._is('}'):
                    raise QapiError(self._where(), "stray ',' before '}'")
        self.depth = depth
        self._next()
        return result

    def _parse_list(self, depth):
        result = List(self._where())
        self._next()
        while not self._is(']'):
            result.item_where.append(self._where())
            result.append(self._parse_value(depth + 1))
            if not self._is(']'):
                if not self._is(','):
                    raise QapiError(self._where(), "expected ',' or ']'")
                self._next()
                if self._is(']'):
                    raise QapiError(self._where(), "stray ',' before ']'")
        self._next()
        return result


PRAGMAS = {
    # Names that QAPI's naming rules would refuse; there are no such rules
    # here, so the lists are checked for their form and have no effect.
    'command-name-exceptions': list,
    'command-returns-exceptions': list,
    'documentation-exceptions': None,
    'doc-required': bool,
    'member-name-exceptions': list,
}


def check_pragma(pragma, where):
    if not isinstance(pragma, Dict):
        raise QapiError(where, "'pragma' must be a dictionary")
    for name, value in pragma.items():
        where = pragma.key_where[name]
        if name not in PRAGMAS:
            raise QapiError(where, f"unknown pragma '{name}'")
        if PRAGMAS[name] is list:
            if (not isinstance(value, list) or
                    not all(isinstance(item, str) for item in value)):
                raise QapiError(where,
                                f"pragma '{name}' must be a list of names")
        elif value is not True:
            raise QapiError(where, f"pragma '{name}': documentation is always "
                            "required")


def parse_files(path):
    """Read a schema and what it includes.

    Returns the expressions in order, the paths of all files read, and every
    Doc file by file.
    """
    seen = {}
    expressions = []
    documents = []

    def read(path, where):
        real = os.path.realpath(path)
        if real in seen:
            if seen[real]:
                raise QapiError(where, f"'{path}' includes itself")
            return
        seen[real] = True
        try:
            with open(path, encoding='utf-8') as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as err:
            reason = getattr(err, 'strerror', None) or 'is not UTF-8'
            raise QapiError(where, f"cannot read '{path}': {reason}") from err
        files.append(path)
        parser = Parser(path, text)
        for expression, doc in parser.expressions:
            if 'include' in expression:
                only_key(expression, 'include', doc)
                name = expression['include']
                if not isinstance(name, str):
                    raise QapiError(expression.where,
                                    "'include' must be a file name")
                read(os.path.normpath(os.path.join(os.path.dirname(path),
                                                   name)),
                     expression.where)
            elif 'pragma' in expression:
                only_key(expression, 'pragma', doc)
                check_pragma(expression['pragma'], expression.where)
            else:
                expressions.append((expression, doc))
        documents.extend(parser.documents)
        seen[real] = False

    def only_key(expression, key, doc):
        if len(expression) != 1:
            raise QapiError(expression.where,
                            f"'{key}' must stand alone in its expression")
        if doc and doc.symbol:
            raise QapiError(doc.where, f"documentation of '{doc.symbol}' is "
                            "not followed by its definition")

    files = []
    read(path, 'qapi-gen')
    return expressions, files, documents
