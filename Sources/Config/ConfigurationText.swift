import Foundation

/// The text of a configuration file.
enum ConfigurationText {
    /// - Parameters:
    ///   - what: what the file should be, such as "profile".
    ///   - missing: what to do if it is not there.
    ///
    /// Throws ``ConfigurationError`` if it is missing, a directory, unreadable, over 1 MiB or no UTF-8.
    static func read(path: String, what: String, missing: String) throws -> String {
        func refuse(_ message: String, _ remedy: String) -> ConfigurationError {
            ConfigurationError([
                ConfigurationProblem(file: path, line: nil, key: nil, message: message, remedy: remedy)
            ])
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw refuse("there is no such \(what)", missing)
        }
        guard !isDirectory.boolValue else { throw refuse("is a directory", "name the \(what)'s file in it") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw refuse("cannot be read", "check its permissions")
        }
        guard data.count <= 1 << 20 else { throw refuse("is over 1 MiB, too long for a \(what)", "check the name") }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw refuse("is no UTF-8 text", "save it as UTF-8")
        }
        return text
    }
}
