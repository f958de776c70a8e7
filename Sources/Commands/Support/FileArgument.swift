import ArgumentParser
import Config
import Foundation
import Watching

/// A file or directory that the command line names, as the file system has it: bytes, not text.
///
/// A name that is no text can be given as it is, as a shell completes it, or as nctd prints it, with `\xNN` for each byte
/// that is no text. What lies at the name taken literally comes first, since a name may have a backslash of its own.
struct FileArgument: ExpressibleByArgument, Equatable {
    /// The name as given; what is no text stands as `\xNN`.
    let text: String

    init(argument: String) { text = argument }

    /// The names that can be meant: the literal one, and the one with `\xNN` read as bytes if that is another.
    var readings: [[UInt8]] {
        let literal = Array(text.utf8)
        let bytes = CapturePath.bytes(printable: text)
        return bytes == literal || bytes.contains(0) ? [literal] : [literal, bytes]
    }

    /// The first reading at which something lies, be it a link into nothing; otherwise the literal one.
    var bytes: [UInt8] { readings.first { FileKind.exists($0) } ?? readings[0] }

    /// The name on one line.
    var name: String { PrintableName.text(text) }
}

/// The command line's words as texts.
public enum ProgramArguments {
    /// The words after the program's name. Bytes that are no text stand as `\xNN`, which ``FileArgument`` reads again;
    /// `CommandLine.arguments` would put a replacement character in their place.
    public static func texts(count: Int32, values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> [String] {
        (1..<max(1, Int(count))).compactMap { index in
            values[index].map { text(UnsafeBufferPointer(start: $0, count: strlen($0)).map(UInt8.init(bitPattern:))) }
        }
    }

    /// One word as text.
    static func text(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? PrintableName.text(bytes)
    }
}

extension [FileArgument] {
    /// The names on one line.
    var names: String { map(\.name).joined(separator: ", ") }
}
