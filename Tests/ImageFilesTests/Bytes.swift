import ImageFiles
import NCTEngine

/// Files and parts of files that the tests put together by hand.
enum Bytes {
    /// A small ICC profile that readers accept: a header for RGB (or another color space) and one tag.
    static func profile(colorSpace: String = "RGB ") -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 352)
        func put(_ text: String, at offset: Int) { bytes.replaceSubrange(offset..<offset + 4, with: Array(text.utf8)) }
        bytes.replaceSubrange(0..<4, with: bigEndian(bytes.count))
        bytes[8] = 2
        put("mntr", at: 12)
        put(colorSpace, at: 16)
        put("XYZ ", at: 20)
        put("acsp", at: 36)
        // The illuminant D50.
        bytes.replaceSubrange(68..<80, with: [0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D])
        bytes[131] = 1
        put("cprt", at: 132)
        (bytes[139], bytes[143]) = (144, 208)
        put("text", at: 144)
        // libpng ignores profiles that deflate to next to nothing, so the text is none that repeats.
        for i in 152..<351 { bytes[i] = UInt8(33 + i * i * 7 % 89) }
        return bytes
    }

    /// A block of tags as EXIF has them, in the form of a TIFF file.
    static func exif(_ entries: [TIFFFile.Entry], bigEndian: Bool = false) -> [UInt8] {
        var writer = TIFFBytes(bigEndian: bigEndian)
        writer.bytes = bigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
        writer.append(42, 2)
        writer.append(8, 4)
        writer.append(entries.count, 2)
        var outside = TIFFBytes(bigEndian: bigEndian)
        let start = 8 + 2 + 12 * entries.count + 4
        for entry in entries.sorted(by: { $0.tag < $1.tag }) {
            var values = TIFFBytes(bigEndian: bigEndian)
            for value in entry.values { values.append(value, [3: 2, 4: 4, 5: 4][entry.type] ?? 1) }
            writer.append(entry.tag, 2)
            writer.append(entry.type, 2)
            writer.append(entry.values.count / (entry.type == 5 ? 2 : 1), 4)
            if values.bytes.count <= 4 {
                writer.bytes += values.bytes + [UInt8](repeating: 0, count: 4 - values.bytes.count)
            } else {
                writer.append(start + outside.bytes.count, 4)
                outside.bytes += values.bytes
                outside.pad()
            }
        }
        writer.append(0, 4)
        return writer.bytes + outside.bytes
    }

    /// A JPEG with a segment more, right after its start.
    static func jpeg(_ jpeg: [UInt8], addingExif exif: [UInt8]) -> [UInt8] {
        let length = exif.count + 8
        let segment: [UInt8] = [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + Array("Exif\0\0".utf8)
        return Array(jpeg[..<2]) + segment + exif + Array(jpeg[2...])
    }

    /// A PNG with a chunk more, right after its header.
    static func png(_ png: [UInt8], adding type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return Array(png[..<33]) + bigEndian(data.count) + body + bigEndian(Int(crc(body))) + Array(png[33...])
    }

    /// The PNG without the chunks of one type.
    static func png(_ png: [UInt8], without type: String) -> [UInt8] {
        var (kept, at) = (Array(png[..<8]), 8)
        while at + 12 <= png.count {
            let end = at + 12 + png[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            if !png[at + 4..<at + 8].elementsEqual(type.utf8) { kept += png[at..<end] }
            at = end
        }
        return kept
    }

    /// The PNG with the checksums that its chunks should have.
    static func repairingChecksums(_ png: [UInt8]) -> [UInt8] {
        var png = png
        var at = 8
        while at + 12 <= png.count {
            let length = png[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = at + 8 + length
            guard end + 4 <= png.count else { break }
            png.replaceSubrange(end..<end + 4, with: bigEndian(Int(crc(Array(png[at + 4..<end])))))
            at = end + 4
        }
        return png
    }

    static func bigEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    static func littleEndian(_ value: Int, _ size: Int = 4) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// CRC-32 as PNG has it.
    static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }

    /// A sound file whose header is changed to claim another size, with the checksum that fits.
    static func claiming(width: Int, height: Int, as format: ImageFormat) throws -> [UInt8] {
        let image = Pictures.smooth(width: 16, height: 12)
        var bytes = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: format))
        switch format {
        case .png:
            bytes.replaceSubrange(16..<24, with: bigEndian(width) + bigEndian(height))
            bytes.replaceSubrange(29..<33, with: bigEndian(Int(crc(Array(bytes[12..<29])))))
        case .jpeg:
            let frame = bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 }!
            bytes.replaceSubrange(frame + 5..<frame + 9, with: bigEndian(height << 16 | width))
        case .tiff:
            bytes = TIFFFile.bytes(
                TIFFFile(
                    width: 16, height: 12, values: Array(repeating: 7, count: 16 * 12 * 3),
                    lies: [.init(tag: 256, type: 4, values: [width]), .init(tag: 257, type: 4, values: [height])]))
        case .bmp: bytes.replaceSubrange(18..<26, with: littleEndian(width) + littleEndian(height))
        }
        return bytes
    }
}

/// The error that decoding ends with; nil where it does not fail.
func failure(_ bytes: [UInt8], _ name: String = "test", limits: ImageLimits = ImageLimits()) -> ImageFileError? {
    do throws(ImageFileError) {
        _ = try ImageReader.decode(bytes, name: name, options: ReadingOptions(limits: limits))
        return nil
    } catch {
        return error
    }
}
