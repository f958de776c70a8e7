import Foundation
import ImageFiles

/// Where prepared references are kept between runs.
public struct CacheDirectory: Sendable, Equatable {
    public let path: String

    public init(path: String) { self.path = path }

    /// `$XDG_CACHE_HOME/nctd`, else `~/.cache/nctd`; nil where there is no home.
    public static func standard(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> CacheDirectory? {
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
            return CacheDirectory(path: (base as NSString).appendingPathComponent("nctd"))
        }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return CacheDirectory(path: (home as NSString).appendingPathComponent(".cache/nctd"))
    }

    /// The file for a key.
    public func file(key: String) -> String { (path as NSString).appendingPathComponent("\(key).references") }

    /// The bytes kept for a key; nil if there are none.
    func read(key: String) -> [UInt8]? {
        try? InputFile.read(path: file(key: key), limits: .files)
    }

    /// Keeps bytes for a key, atomically.
    func write(_ bytes: [UInt8], key: String) throws {
        try SystemError.makeFolder(path)
        try OutputFile.write(bytes, to: file(key: key), overwrite: true)
    }
}
