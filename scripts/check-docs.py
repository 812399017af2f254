#!/usr/bin/env python3
# Hold the documentation against the tree and the program
#
#   check-docs.py SOURCE-DIRECTORY PROGRAM
#
# Every page is read by docutils, which must find no fault; what :doc: and links
# refer to must be there; so must files that are named in ``...``; examples may
# use only options that the program has; and every page has its line in
# docs/index.rst.  Skipped (77) where docutils is not installed.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pathlib
import re
import subprocess
import sys

try:
    import docutils.core
    import docutils.nodes
    import docutils.parsers.rst.roles
    import docutils.utils
except ImportError:
    print('SKIP: docutils is not installed (python3-docutils)')
    sys.exit(77)

NAME = 'firmament-system-x86_64'
#: Folders whose files are meant by ``folder/...``
FOLDERS = ('accel', 'backends', 'chardev', 'docs', 'hw', 'include',
           'migration', 'monitor', 'qapi', 'qom', 'scripts', 'system',
           'tests', 'util')
#: Pages that tell how to make files which are not there
WITHOUT_FILES = ('adding-a-device.rst', 'adding-an-object.rst',
                 'adding-a-qmp-command.rst')


def doc_role(name, rawtext, text, line, inliner, options=None, content=None):
    """Sphinx's :doc:, as far as it is used: a page, relative to this one."""
    page = pathlib.Path(inliner.document['source']).parent / f'{text}.rst'
    if not page.exists():
        return [], [inliner.reporter.warning(f'no page {text}', line=line)]
    return [docutils.nodes.literal(rawtext, text)], []


def check_page(path):
    """The faults that docutils finds."""
    faults = []

    class Catcher:
        def write(self, text):
            faults.extend(part for part in text.split('\n') if part.strip())

    docutils.core.publish_doctree(
        path.read_text(encoding='utf-8'), source_path=str(path),
        settings_overrides={'report_level': 2, 'halt_level': 5,
                            'warning_stream': Catcher(),
                            'syntax_highlight': 'none',
                            'input_encoding': 'unicode'})
    return faults


def check_links(path, text):
    """Markdown's [text](file), and rst's `text <file>`_."""
    targets = re.findall(r'\[[^\]]*\]\(([^)\s]+)\)', text)
    if path.suffix == '.rst':
        targets = re.findall(r'`[^`<]*<([^>]+)>`_', text)
    for target in targets:
        target = target.split('#')[0]
        if target and ':' not in target and not target.endswith('_') and \
                not (path.parent / target).exists():
            yield f'{path}: link to {target}, which is not there'


def check_files(root, path, text):
    if path.name in WITHOUT_FILES:
        return
    pattern = r'``((?:' + '|'.join(FOLDERS) + r')/[\w./-]+\.\w+)``'
    for name in re.findall(pattern, text):
        if not (root / name).exists():
            yield f'{path}: names {name}, which is not there'


def check_examples(path, text, options):
    """Options in the commands of console blocks and indented lines."""
    joined = re.sub(r'\\\n\s*', ' ', text)
    for line in joined.split('\n'):
        if not line.startswith(('    ', '   ')) or f'{NAME} ' not in line:
            continue
        command = line.split(NAME, 1)[1].split('|')[0].split(' #')[0]
        for word in re.findall(r"(?:^|\s)(--?[A-Za-z][\w-]*)", command):
            if word.lstrip('-') not in options:
                yield f'{path}: example has the option {word}'


def check_index(root, pages):
    """Every page in docs/ is in the index, once."""
    index = root / 'docs/index.rst'
    listed = re.findall(r'^- :doc:`([^`]+)`: \S', index.read_text('utf-8'),
                        re.MULTILINE)
    for page in pages:
        name = str(page.relative_to(root / 'docs').with_suffix(''))
        if page != index and listed.count(name) != 1:
            yield f'{page}: {listed.count(name)} lines in docs/index.rst ' \
                '(- :doc:`...`: what it is about)'


def main(root, program):
    text = subprocess.run([program, '-help'], capture_output=True, text=True,
                          check=True).stdout
    options = set(re.findall(r'^-([\w-]+)', text, re.MULTILINE))
    pages = sorted(root.glob('docs/**/*.rst')) + sorted(root.glob('*.md'))
    faults = []

    docutils.parsers.rst.roles.register_local_role('doc', doc_role)
    for path in pages:
        content = path.read_text(encoding='utf-8')
        if path.suffix == '.rst':
            faults += check_page(path)
        faults += check_links(path, content)
        faults += check_files(root, path, content)
        faults += check_examples(path, content, options)
    faults += check_index(root, [p for p in pages if p.suffix == '.rst'])
    for fault in faults:
        print(fault)
    print(f'{len(pages)} pages, {len(faults)} faults')
    return 1 if faults or not pages else 0


if __name__ == '__main__':
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]))
