import Foundation

/// A report set as text.
extension ReportDocument {
    /// Markdown, as GitHub reads it.
    var markdown: String {
        blocks.map { block in
            switch block {
            case .title(let text): "# \(Self.plain(text))"
            case .lab(let text): "## \(Self.plain(text))"
            case .heading(let text): "### \(Self.plain(text))"
            case .sentence(let text): Self.plain(text)
            case .table(let header, let rows, let numbers):
                ([Self.row(header), Self.row(header.indices.map { $0 > 0 && numbers ? "---:" : "---" })]
                    + rows.map { Self.row($0.map(Self.plain)) }).joined(separator: "\n")
            case .shares(let parts):
                parts.map { "\($0.name) \(Self.share($0.count, of: parts))" }.joined(separator: ", ")
            }
        }.joined(separator: "\n\n") + "\n"
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    /// A name may have characters that Markdown takes for its own.
    private static func plain(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            if "\\|*_`<>[]#".contains(character) { result.append("\\") }
            result.append(character.isNewline ? " " : character)
        }
    }

    private static func share(_ count: Int, of parts: [(name: String, count: Int)]) -> String {
        let all = parts.map(\.count).reduce(0, +)
        return "\(count) (\(Int((Double(count) / Double(max(1, all)) * 100).rounded())) %)"
    }

    // MARK: HTML

    /// One page without anything from elsewhere, in black on white, for screen and paper.
    var html: String {
        var title = "Report"
        if case .title(let text)? = blocks.first { title = text }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Self.escaped(title))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            \(blocks.map(Self.element).joined(separator: "\n"))
            </body>
            </html>

            """
    }

    private static let style = """
        @page { size: A4; margin: 16mm 14mm; }
        body { font: 10.5pt/1.45 "Liberation Sans", Arial, sans-serif; color: #111; background: #fff; max-width: 60em; margin: 2em auto; padding: 0 1em; }
        h1 { font-size: 1.6em; margin: 0 0 .4em; }
        h2 { font-size: 1.3em; margin: 2em 0 .4em; border-bottom: 1px solid #888; }
        h3 { font-size: 1.05em; margin: 1.4em 0 .3em; }
        p { margin: .4em 0; }
        table { border-collapse: collapse; margin: .5em 0; }
        th, td { padding: .2em .6em; border-bottom: 1px solid #bbb; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
        th { border-bottom-color: #444; font-weight: 600; overflow-wrap: normal; }
        table.numbers th:not(:first-child), table.numbers td:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
        table.numbers td { white-space: nowrap; }
        .bar { display: flex; height: 1em; max-width: 36em; border: 1px solid #444; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        .bar span { display: block; }
        .s0 { background: #4a7c59; } .s1 { background: #e0b34f; } .s2 { background: #b1473c; } .s3 { background: #888; }
        .key i { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; border: 1px solid #444; vertical-align: -.05em; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
        .key i:first-child { margin-left: 0; }
        @media print {
          body { margin: 0; padding: 0; max-width: none; font-size: 9.5pt; }
          th, td { padding: .2em .4em; }
          h2 { break-before: page; margin-top: 0; }
          h1 + p + h2 { break-before: auto; margin-top: 1.5em; }
          h1, h2, h3 { break-after: avoid; }
          thead { display: table-header-group; }
          tr, .bar, .key { break-inside: avoid; }
        }
        """

    private static func element(_ block: Block) -> String {
        switch block {
        case .title(let text): return "<h1>\(escaped(text))</h1>"
        case .lab(let text): return "<h2>\(escaped(text))</h2>"
        case .heading(let text): return "<h3>\(escaped(text))</h3>"
        case .sentence(let text): return "<p>\(escaped(text))</p>"
        case .table(let header, let rows, let numbers):
            func cells(_ cells: [String], _ tag: String) -> String {
                "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>"
            }
            return """
                <table\(numbers ? " class=\"numbers\"" : "")>
                <thead>\(cells(header, "th"))</thead>
                <tbody>
                \(rows.map { cells($0, "td") }.joined(separator: "\n"))
                </tbody>
                </table>
                """
        case .shares(let parts):
            let order = ["good": 0, "doubtful": 1, "bad": 2]
            let colored = parts.map { (part: $0, color: "s\(order[$0.name] ?? 3)") }
            let bar = colored.map { "<span class=\"\($0.color)\" style=\"flex: \($0.part.count)\"></span>" }
            let key = colored.map {
                "<i class=\"\($0.color)\"></i>\(escaped($0.part.name)) \(share($0.part.count, of: parts))"
            }
            return "<div class=\"bar\">\(bar.joined())</div>\n<p class=\"key\">\(key.joined(separator: " "))</p>"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
