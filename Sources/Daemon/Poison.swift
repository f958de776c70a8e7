import Foundation
import Watching

/// For tests: `NCTD_TEST_POISON=SHA256` makes the capture with this digest kill the process that decodes it,
/// `NCTD_TEST_POISON=look:NAME` the one of this name the process that looks at whether it is whole.
public enum Poison {
    private static let setting = ProcessInfo.processInfo.environment["NCTD_TEST_POISON"]

    public static func check(_ sha256: String) {
        if let setting, setting == sha256 { abort() }
    }

    public static func check(_ path: CapturePath) {
        if let setting, setting.hasPrefix("look:"), path.name.elementsEqual(setting.dropFirst(5).utf8) { abort() }
    }
}
