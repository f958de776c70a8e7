/// Finds the line on which a key of a TOML document stands.
///
/// The TOML library tells positions only for documents that it cannot parse. This scans a document beside it and notes the line of every key: bare, quoted and dotted keys, tables, arrays of tables, inline tables, and
/// the elements of arrays. Strings of all four kinds and comments are stepped over. On a document that is no TOML it
/// ends early with what it found, and with ``problem``.
public struct KeyLocator: Sendable {
    private var lines: [[String]: Int] = [:]

    /// Where the text is no TOML; nil where all of it has a document's structure.
    let problem: TOMLScanner.Problem?

    /// Cost: linear in the text.
    public init(_ text: String) {
        var scanner = TOMLScanner(text)
        do throws(TOMLScanner.Problem) {
            try scanner.scanDocument()
            problem = nil
        } catch {
            problem = error
        }
        lines = scanner.lines
    }

    /// The line, 1 and up, on which a key or a table was first named; elements of arrays are named by their index.
    public func line(of path: [String]) -> Int? { lines[path] }

    /// The line of the key, or else of the nearest table around it that stands in the text.
    public func nearestLine(of path: [String]) -> Int? {
        var path = path
        while !path.isEmpty {
            if let line = lines[path] { return line }
            path.removeLast()
        }
        return nil
    }
}
