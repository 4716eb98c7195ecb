import { expect, test } from 'vitest';
import {
  aside,
  details,
  groupedTable,
  heading,
  list,
  pair,
  type Section,
  table,
} from '../../../evaluation/report/blocks.ts';
import { reportHtml } from '../../../evaluation/report/html.ts';
import { sectionsMarkdown } from '../../../evaluation/report/markdown.ts';

const SECTION: Section = {
  id: 'one',
  title: 'One & <all>',
  blocks: [
    'A **bold** word, `code` and <i>text</i>.',
    false,
    heading('Part'),
    list(['first', 'second']),
    pair(
      [table('Counts', ['Name', 'Number'], [['a|b', '1,200 ± 3']])],
      [
        details(
          'More',
          groupedTable(
            'Grouped',
            ['Model', 'UAR'],
            [
              { name: 'Speech', meaning: 'What is spoken.', rows: [['one', '0.5']] },
              { name: 'Song', rows: [['two', '–']] },
            ],
          ),
        ),
      ],
    ),
    aside('An aside.'),
  ],
};

test('blocks become HTML in which only code and strong are markup', () => {
  const html = reportHtml({
    title: 't',
    heading: 'h',
    about: 'a',
    intro: [],
    tiles: [['1', 'one']],
    sections: [SECTION],
  });
  for (const part of [
    '<section id="one"><h2>One &#38; &#60;all&#62;</h2>',
    '<li><a href="#one">One &#38; &#60;all&#62;</a></li>',
    '<p>A <strong>bold</strong> word, <code>code</code> and &#60;i&#62;text&#60;/i&#62;.</p>',
    '<ul><li>first</li><li>second</li></ul>',
    '<tr><th scope="row">a|b</th><td class="figure">1,200 ± 3</td></tr>',
    '<th scope="rowgroup" colspan="2" class="group"><strong>Speech</strong>',
    '<details><summary>More</summary>',
    '<p class="aside">An aside.</p>',
    '<dt>one</dt><dd>1</dd>',
  ]) {
    expect(html).toContain(part);
  }
});

test('blocks become Markdown, one after the other', () => {
  expect(sectionsMarkdown([SECTION], { folder: 'figures', shown: [] })).toBe(`## One & <all>

A **bold** word, \`code\` and &lt;i>text&lt;/i>.

### Part

- first
- second

*Counts*

| Name | Number |
|---|---:|
| a\\|b | 1,200 ± 3 |

- **Speech.** What is spoken.

*Grouped*

|  | Model | UAR |
|---|---|---:|
| Speech | one | 0.5 |
| Song | two | – |

An aside.`);
});
