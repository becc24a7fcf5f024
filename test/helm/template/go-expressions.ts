/**
 * More expressions in the chart of `expressions.ts`: what Go prints and reads in its own way, by the text that
 * Helm 3 prints.
 */
export const GO_EXPRESSIONS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  printf: [
    [
      '{{ printf "%05d|%-5d|%+d|% d|%x|%#x|%X|%o|%#o|%O|%b|%c|%q|%U|%#U" 42 42 42 42 42 42 42 8 8 8 5 65 65 65 65 }}',
      "00042|42   |+42| 42|2a|0x2a|2A|10|010|0o10|101|A|'A'|U+0041|U+0041 'A'",
    ],
    [
      '{{ printf "%5.2f|%-8.1f|%08.3f|%+.1e|%g|%.3g|%E|%G|%v" 3.14159 2.25 -1.5 12345.678 1e21 0.00012345 1.5 1e-7 1e6 }}',
      " 3.14|2.2     |-001.500|+1.2e+04|1e+21|0.000123|1.500000E+00|1E-07|1e+06",
    ],
    ['{{ printf "%.0f %.0f %.0f %.1f" 0.5 1.5 2.5 0.25 }}', "0 2 2 0.2"],
    [
      '{{ printf "%6s|%-6s|%.2s|%q|%+q|%#q|%x|% X" "ab" "ab" "äbc" "a\\"b\\n" "é" "a" "hi" "hi" }}',
      '    ab|ab    |äb|"a\\"b\\n"|"\\u00e9"|`a`|6869|68 69',
    ],
    ['{{ printf "%s %d %v" 1 "a" nil }}', "%!s(int=1) %!d(string=a) <nil>"],
    ['{{ printf "%d" }}', "%!d(MISSING)"],
    ['{{ printf "%d" 1 2 nil }}', "1%!(EXTRA int=2, <nil>)"],
    ['{{ printf "%[2]d %[1]d %[3]d|%[1]*d" 3 4 }}', "4 3 %!d(BADINDEX)|  4"],
    ['{{ printf "%*d|%-*d|%.*f" 5 1 5 1 2 3.14159 }}', "    1|1    |3.14"],
    ['{{ printf "%!|%z|%" 1 }}', "%!!(int=1)|%!z(MISSING)|%!(NOVERB)"],
    [
      '{{ printf "%v|%+v|%#v|%T" (list 1 "a" nil) (dict "a" 1.5) (dict "a" (list "b")) (list) }}',
      '[1 a <nil>]|map[a:1.5]|map[string]interface {}{"a":[]interface {}{"b"}}|[]interface {}',
    ],
    ['{{ printf "%t|%5t|%d" true false true }}', "true|false|%!d(bool=true)"],
    ['{{ printf "%s|%q|%x" (list "a" "b") (list "a") (list "a" 1) }}', '[a b]|["a"]|[61 1]'],
    ['{{ printf "%w" 1 }}', "%!w(int=1)"],
    ['{{ printf "%x %X %b" 3.5 3.5 1.0 }}', "0x1.cp+01 0X1.CP+01 4503599627370496p-52"],
  ],
  quoting: [
    [
      '{{ toYaml (dict "a" (printf "\\a%s  x y" (repeat 30 "word "))) }}',
      'a: "\\aword word word word word word word word word word word word word word word word\n  word word word word word word word word word word word word word word   x y"',
    ],
    [
      '{{ toYaml (repeat 30 "word ") }}',
      "'word word word word word word word word word word word word word word word word word\n  word word word word word word word word word word word word word '",
    ],
    [
      '{{ toYaml (dict "a" (printf "%s  %s" (repeat 20 "word ") (repeat 20 "word "))) }}',
      "a: 'word word word word word word word word word word word word word word word word\n  word word word word   word word word word word word word word word word word word\n  word word word word word word word word '",
    ],
    ['{{ quote "a\\x01\\u00a0é" }}', '"a\\x01\\u00a0é"'],
    ['{{ quote "\\a\\v\\x7f" }}', '"\\a\\v\\x7f"'],
    ["{{ squote nil 1 }}", "'1'"],
    [
      '{{ toYaml (dict "a" "x😀" "b" "t\\tb" "c" "\\a") }}',
      'a: "x\\U0001F600"\nb: "t\\tb"\nc: "\\a"',
    ],
    ['{{ cat "  a " nil "b" }}', "  a  b"],
    ['{{ upper "straße" }}', "STRAßE"],
    ['{{ swapcase "aß" }}', "Aß"],
    ["{{ sortAlpha nil }}", "[<nil>]"],
    ["{{ println nil 1 }}", "<nil> 1\n"],
    ["{{ html nil }}", "&lt;no value&gt;"],
    ["{{ urlquery nil 1 }}", "%3Cno+value%3E1"],
    ["{{ print nil 1 nil }}", "<nil> 1 <nil>"],
  ],
  numbers: [
    ["{{ int 1e21 }}", "-9223372036854775808"],
    ["{{ int64 -1e30 }}", "-9223372036854775808"],
    ["{{ add 1e21 1 }}", "-9223372036854775807"],
    ["{{ toDecimal -17 }}", "-15"],
    ["{{ mulf -2.5 0 }}", "0"],
    ['{{ toDecimal "777777777777777777777777" }}', "0"],
    ["{{ round 2.5 0 1 }}", "2"],
    ["{{ 0x1.8p1 }}", "3"],
    ["{{ 0o17 }}", "15"],
    ["{{ 1_000.5 }}", "1000.5"],
  ],
  readers: [
    ['{{ fromJson "a: 1" }}', "map[Error:invalid character 'a' looking for beginning of value]"],
    ['{{ fromJson "" }}', "map[Error:unexpected end of JSON input]"],
    [
      '{{ fromJson "1" }}',
      "map[Error:json: cannot unmarshal number into Go value of type map[string]interface {}]",
    ],
    ['{{ fromJsonArray "[1, {\\"a\\": null}]" }}', "[1 map[a:<nil>]]"],
    ['{{ fromJsonArray "x" }}', "[invalid character 'x' looking for beginning of value]"],
    ['{{ fromJson "null" }}', "map[]"],
    ['{{ b64dec "aGk" }}', "illegal base64 data at input byte 0"],
    ['{{ b64dec "a-b" }}', "illegal base64 data at input byte 1"],
    ['{{ b64dec "aGk=" }}', "hi"],
    ["{{ toToml (list 1 nil) }}", "toml: cannot encode array with nil element"],
    ['{{ toToml (dict "a" (list nil)) }}', "toml: cannot encode array with nil element"],
    ['{{ regexMatch "[a-" "a" }}', "false"],
    ["{{ durationRound (int64 90000000000) }}", "1m"],
    ['{{ toDate "2006-01-02" "x" }}', "0001-01-01 00:00:00 +0000 UTC"],
    ['{{ toJson (toDate "2006-01-02" "2024-03-10") }}', '"2024-03-10T00:00:00Z"'],
    ['{{ typeOf (semver "1.2.3") }}', "*semver.Version"],
  ],
};
