import TOMLKit

/// The problems of one configuration file, gathered while it is read.
public final class ProblemLog {
    public let file: String
    private let locator: KeyLocator
    public private(set) var problems: [ConfigurationProblem] = []

    public init(file: String, text: String) {
        self.file = file
        self.locator = KeyLocator(text)
    }

    /// Notes a problem with the key at a path; a missing key gets no line at the top level, its table's line below.
    public func report(_ path: [String], _ message: String, remedy: String) {
        problems.append(
            ConfigurationProblem(
                file: file, line: locator.nearestLine(of: path), key: Self.name(path), message: message,
                remedy: remedy))
    }

    /// `thresholds.minimum_confidence`, `references[1]`.
    private static func name(_ path: [String]) -> String {
        path.reduce("") { name, part in
            Int(part) != nil ? "\(name)[\(part)]" : name.isEmpty ? part : "\(name).\(part)"
        }
    }

    /// The document, or the one error that its syntax has.
    ///
    /// The TOML library gets only what has a document's structure: on some other texts an assertion in it ends the
    /// process, and deeply nested ones use up the stack.
    public static func parse(_ text: String, file: String) throws -> TOMLTable {
        func refuse(_ line: Int, _ message: String, _ remedy: String) -> ConfigurationError {
            ConfigurationError([
                ConfigurationProblem(file: file, line: line, key: nil, message: message, remedy: remedy)
            ])
        }
        guard !text.utf8.contains(0) else {
            throw refuse(
                text.utf8.prefix { $0 != 0 }.count { $0 == UInt8(ascii: "\n") } + 1,
                "holds a zero byte, so it is no text", "give a file written in TOML")
        }
        if let problem = KeyLocator(text).problem {
            throw refuse(problem.line, "is no valid TOML: \(problem.message)", "correct the syntax")
        }
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw refuse(
                max(1, error.source.begin.line), "is no valid TOML: \(error.description)",
                "correct the syntax at column \(error.source.begin.column)")
        }
    }
}
