/// One thing wrong with a configuration file: where, what, and what would be right.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// The file as the user named it.
    public let file: String
    /// 1 and up; nil where the problem has no line (the file is missing, or a required key is).
    public let line: Int?
    /// The full name of the key, tables joined by dots; nil for a problem of the file as a whole.
    public let key: String?
    /// What is wrong, no trailing period.
    public let message: String
    /// What to do about it, an imperative.
    public let remedy: String

    public init(file: String, line: Int?, key: String?, message: String, remedy: String) {
        self.file = file
        self.line = line
        self.key = key
        self.message = message
        self.remedy = remedy
    }

    /// `FILE:LINE: KEY: message; remedy`.
    public var description: String {
        file + (line.map { ":\($0)" } ?? "") + ": " + (key.map { "\($0): " } ?? "") + message + "; " + remedy
    }
}

/// All that is wrong with a configuration, file by file in the order of the lines; never empty.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    public init(_ problems: [ConfigurationProblem]) {
        var files: [String: Int] = [:]
        for problem in problems where files[problem.file] == nil { files[problem.file] = files.count }
        self.problems = problems.enumerated()
            .sorted { first, second in
                (files[first.element.file] ?? 0, first.element.line ?? .max, first.offset)
                    < (files[second.element.file] ?? 0, second.element.line ?? .max, second.offset)
            }
            .map(\.element)
    }

    /// One line a problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
