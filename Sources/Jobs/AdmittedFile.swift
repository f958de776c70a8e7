import Config
import Foundation
import ImageFiles
import NCTEngine

/// Files that are read if what becomes of them takes no more memory than it may, by their headers.
public enum AdmittedFile {
    /// A file's bytes. Throws ``JobFailure`` or `ImageFileError` for a file that is too large, or no image file's size.
    ///
    /// - Parameters:
    ///   - path: as the file system has it, whatever the bytes.
    ///   - name: stands in the errors.
    ///   - need: what becomes of it.
    ///   - memory: what it may take, bytes.
    static func bytes(ofFileAt path: [UInt8], name: String, for need: CaptureMemory, memory: Int) throws -> [UInt8] {
        try open(path, name: name, for: need, memory: memory).file.readAll()
    }

    /// The file, which is opened once, so that it is the one that was looked at that is read; with the bytes of memory that
    /// it needs, at most those that it may take.
    private static func open(
        _ path: [UInt8], name: String, for need: CaptureMemory, memory: Int
    ) throws -> (file: InputFile, needed: Int) {
        let limits = ImageLimits()
        let file = try InputFile(bytes: path, path: name, limits: limits)
        // A header that makes no sense is told of by decoding.
        let header = try? ImageHeader.read(fileSize: file.size, path: name) { try file.read(at: $0, count: $1) }
        if let header { try limits.check(header, path: name) }
        let needed = need.bytes(header, fileBytes: file.size) ?? .max
        guard needed <= memory else {
            throw JobFailure(
                file: name,
                cause: "it needs about \(needed >> 20) MiB of memory, and \(memory >> 20) MiB may be used",
                remedy: "crop or scale the image")
        }
        return (file, needed)
    }

    /// An image that is looked at whole.
    public static func image(
        ofFileAt path: [UInt8], name: String, reading options: ReadingOptions = ReadingOptions()
    ) throws -> RGBImage {
        try withImage(ofFileAt: path, name: name, reading: options) { $0 }
    }

    private static let large = NSLock()

    /// Lends an image that is looked at whole. Of those that need more than a thread's share of the memory there is one
    /// at a time.
    ///
    /// - Parameters:
    ///   - threads: that look at images at once.
    ///   - memory: what they may take together, bytes.
    public static func withImage<Result>(
        ofFileAt path: [UInt8], name: String, reading options: ReadingOptions = ReadingOptions(), threads: Int = 1,
        memory: Int = MachineMemory.forCaptures(), _ body: (RGBImage) throws -> Result
    ) throws -> Result {
        let (file, needed) = try open(path, name: name, for: .ofLook, memory: memory)
        func look() throws -> Result {
            try body(ImageReader.decode(try file.readAll(), name: name, options: options).image)
        }
        return needed > memory / max(1, threads) ? try large.withLock(look) : try look()
    }
}
