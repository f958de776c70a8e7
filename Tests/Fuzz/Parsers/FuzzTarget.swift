import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Watching

/// What reads bytes that others wrote, by name.
enum FuzzTarget: String, CaseIterable {
    case images, headers, completeness, bmp, exif, notes, safetensors, globs, toml, sidecar

    func run(_ bytes: [UInt8]) {
        switch self {
        case .images: decode(bytes)
        case .headers:
            _ = try? ImageHeader.read(fileSize: bytes.count, path: "x") { Array(bytes.dropFirst($0).prefix($1)) }
        case .completeness: complete(bytes)
        case .bmp: decode(Array("BM".utf8) + bytes.dropFirst(2))
        case .exif: decode(Self.jpeg(exif: bytes))
        case .notes: _ = InstrumentNotes(String(decoding: bytes, as: UTF8.self))
        case .safetensors: load(bytes)
        case .globs: match(bytes)
        case .toml: configure(bytes)
        case .sidecar: account(bytes)
        }
    }

    /// What two pages are chosen from, and one that is asked for by its number.
    private func decode(_ bytes: [UInt8]) {
        var options = ReadingOptions(limits: ImageLimits(maximumPixels: 1 << 16), pages: .first)
        _ = try? ImageReader.decode(bytes, name: "x", options: options)
        guard ImageReader.pageCount(of: bytes) > 1 else { return }
        options.pages = nil
        options.page = 2
        _ = try? ImageReader.decode(bytes, name: "x", options: options)
    }

    private func complete(_ bytes: [UInt8]) {
        let path = Self.folder + "/x"
        guard let name = CapturePath("x"), Self.write(bytes, to: path),
            let file = try? ReadOnlyFile(root: Self.folder, path: name)
        else { return }
        _ = try? Completeness.check(file, budget: ReadBudget(bytes: 1 << 20, reads: 2000))
    }

    private func load(_ bytes: [UInt8]) {
        guard let file = try? Safetensors(bytes) else { return }
        for shape in [[2, 3], [2], []] { _ = try? file.floats("a.weight", shape: shape) }
        _ = try? file.bytes("a.bias")
    }

    /// A pattern up to the first NUL, and a path that it is held against.
    private func match(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard let pattern = try? GlobPattern(String(decoding: parts[0], as: UTF8.self)) else { return }
        _ = pattern.matches(path: parts.count > 1 ? Array(parts[1]) : [])
    }

    private func configure(_ bytes: [UInt8]) {
        _ = try? Profile.read(text: String(decoding: bytes, as: UTF8.self), path: "lab-a.toml")
        let path = Self.folder + "/nctd.toml"
        guard Self.write(bytes, to: path) else { return }
        _ = try? DaemonConfiguration.read(path: path)
    }

    /// What was read is written again as what reads the same.
    private func account(_ bytes: [UInt8]) {
        guard let sidecar = try? Sidecar(json: bytes), let again = try? sidecar.json() else { return }
        precondition((try? Sidecar(json: again)) == sidecar, "a sidecar that was written again reads otherwise")
    }

    /// Where what takes a file finds it: in memory, where there is such a place.
    private static let folder: String = {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let folder = "\(parent)/nctd-fuzz-\(getpid())"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: FuzzTarget.folder) }
        return folder
    }()

    private static func write(_ bytes: [UInt8], to path: String) -> Bool {
        FileManager.default.createFile(atPath: path, contents: Data(bytes))
    }

    /// A JPEG of 8 × 8 gray pixels with an EXIF block.
    private static func jpeg(exif: [UInt8]) -> [UInt8] {
        let block = Array("Exif\0\0".utf8) + exif.prefix(65_000)
        let length = block.count + 2
        return [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + block + plainJPEG.dropFirst(2)
    }

    private static let plainJPEG: [UInt8] = {
        let image = RGBImage(width: 8, height: 8, filledWith: (0.5, 0.5, 0.5))
        return
            (try? ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .jpeg, bitDepth: 8)))
            ?? []
    }()
}
