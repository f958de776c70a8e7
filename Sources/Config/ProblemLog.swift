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
    public static func parse(_ text: String, file: String) throws -> TOMLTable {
        do {
            guard !text.utf8.contains(0) else {
                throw ConfigurationError([
                    ConfigurationProblem(
                        file: file, line: text.prefix { $0 != "\0" }.count { $0 == "\n" } + 1, key: nil,
                        message: "holds a zero byte, so it is no text", remedy: "give a file written in TOML")
                ])
            }
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError([
                ConfigurationProblem(
                    file: file, line: error.source.begin.line, key: nil,
                    message: "is no valid TOML: \(error.description)",
                    remedy: "correct the syntax at column \(error.source.begin.column)")
            ])
        }
    }
}
