import Files
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
        let bytes: [UInt8]
        do throws(RegularFile.Refusal) {
            bytes = try RegularFile(Array(path.utf8)).readAll(limit: 1 << 20)
        } catch {
            throw error == .isTooLarge
                ? refuse("is over 1 MiB, too long for a \(what)", "check the name")
                : refuse("cannot be read", "check its permissions, and that it is a file")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refuse("is no UTF-8 text", "save it as UTF-8", line: line(ofFirstInvalidByteIn: bytes))
        }
        return text
    }

    /// The line, from 1, of the first byte that makes them no UTF-8.
    private static func line(ofFirstInvalidByteIn bytes: [UInt8]) -> Int {
        // A line feed is never part of another character, so lines can be tried one by one.
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }
}
