import Foundation

/// The text of a configuration file.
enum ConfigurationText {
    /// - Parameters:
    ///   - what: what the file should be, such as "profile".
    ///   - missing: what to do if it is not there.
    ///
    /// Throws ``ConfigurationError`` if it is missing, a directory, unreadable, over 1 MiB or no UTF-8.
    static func read(path: String, what: String, missing: String) throws -> String {
        func refuse(_ message: String, _ remedy: String, line: Int? = nil) -> ConfigurationError {
            ConfigurationError([
                ConfigurationProblem(file: path, line: line, key: nil, message: message, remedy: remedy)
            ])
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw refuse("there is no such \(what)", missing)
        }
        guard !isDirectory.boolValue else { throw refuse("is a directory", "name the \(what)'s file in it") }
        guard let data = BoundedFile.read(path, limit: 1 << 20) else {
            throw refuse("cannot be read", "check its permissions, and that it is a file")
        }
        guard data.count <= 1 << 20 else { throw refuse("is over 1 MiB, too long for a \(what)", "check the name") }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw refuse("is no UTF-8 text", "save it as UTF-8", line: line(ofFirstInvalidByteIn: data))
        }
        return text
    }

    /// The line, from 1, of the first byte that makes data no UTF-8.
    private static func line(ofFirstInvalidByteIn data: Data) -> Int {
        // A line feed is never part of another character, so lines can be tried one by one.
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }
}

/// Reads files that have no business being large, whatever lies at their path.
enum BoundedFile {
    /// The content of a regular file, or its first `limit` + 1 bytes if it has more; nil if it cannot be read.
    static func read(_ path: String, limit: Int) -> Data? {
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return try? file.read(upToCount: limit + 1) ?? Data()
    }
}
