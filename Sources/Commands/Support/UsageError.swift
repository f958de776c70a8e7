import Jobs

/// Wrong usage or configuration: found before any work, ends with exit code 2.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    /// - Parameters:
    ///   - message: what is wrong, with the file or option concerned.
    ///   - remedy: what to do about it.
    init(_ message: String, remedy: String) { description = message + "; " + remedy }

    init(_ failure: JobFailure) { description = failure.description }
}

/// Something that the run came upon: ends with exit code 1.
struct RunError: Error, CustomStringConvertible {
    let description: String

    init(_ failure: JobFailure) { description = failure.description }
}

/// What the codes that the process ends with mean.
enum ExitStatus {
    static let someFailed: Int32 = 1
    static let wrongUsage: Int32 = 2

    static let help = """
        EXIT STATUS: 0 all went well; 1 some inputs failed, the others are done; 2 wrong usage or configuration, \
        nothing was done; 130 or 143 interrupted.
        """
}
