import Config

/// Whether there is room for results.
public struct FreeSpaceGuard: Sendable {
    private let directories: [[UInt8]]
    private let floor: Int64

    public init(_ settings: OutputSettings) {
        directories = [settings.directory, settings.heldDirectory, settings.quarantineDirectory].map { Array($0.utf8) }
        floor = Int64(settings.minimumFreeMebibytes) << 20
    }

    /// Why nothing should be written just now; nil if there is room.
    public func reasonToPause() -> String? {
        for directory in directories {
            guard let free = TreeFiles.freeBytes(directory), free < floor else { continue }
            let name = String(decoding: directory, as: UTF8.self)
            return "\(name) has \(free >> 20) MiB free, less than minimum_free_mebibytes = \(floor >> 20)"
        }
        return nil
    }
}
