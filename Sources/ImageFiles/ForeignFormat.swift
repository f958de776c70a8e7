import Files

/// Formats that lie beside captures and are not read, with how to export what they hold.
public struct ForeignFormat: Sendable, Equatable {
    public let name: String
    /// Of file names, lower case, without a dot.
    public let endings: Set<String>
    /// What to do with such a file.
    public let advice: String
    private let magic: [Magic]

    private struct Magic: Sendable, Equatable {
        var offset = 0
        var bytes: [UInt8]
    }

    private init(_ name: String, _ endings: Set<String>, _ advice: String, magic: (Int, [UInt8])...) {
        self.name = name
        self.endings = endings
        self.advice = advice
        self.magic = magic.map { Magic(offset: $0.0, bytes: $0.1) }
    }

    private static let slide =
        "open it in its maker's viewer, QuPath or ImageJ (Bio-Formats) and export the fields as RGB PNG or TIFF"
    private static let picture = "save it as PNG or TIFF; `magick FILE FILE.png` does"

    /// In the order in which a content is looked for.
    public static let all: [ForeignFormat] = [
        ForeignFormat("WebP", ["webp"], picture, magic: (8, Array("WEBP".utf8))),
        ForeignFormat(
            "JPEG 2000", ["jp2", "j2k", "jpf", "jpx", "j2c", "jpc"], picture,
            magic: (4, Array("jP  ".utf8)), (0, [0xFF, 0x4F, 0xFF, 0x51])),
        ForeignFormat("JPEG XL", ["jxl"], picture, magic: (4, Array("JXL ".utf8)), (0, [0xFF, 0x0A])),
        ForeignFormat("GIF", ["gif"], picture, magic: (0, Array("GIF8".utf8))),
        ForeignFormat(
            "HEIF or AVIF", ["heic", "heif", "avif"], picture + "; or let the telephone take JPEG",
            magic: (4, Array("ftypheic".utf8)), (4, Array("ftypmif1".utf8)), (4, Array("ftypavif".utf8))),
        ForeignFormat("Photoshop", ["psd", "psb"], picture, magic: (0, Array("8BPS".utf8))),
        ForeignFormat("OpenEXR", ["exr"], picture, magic: (0, [0x76, 0x2F, 0x31, 0x01])),
        ForeignFormat(
            "DICOM", ["dcm", "dicom"],
            "export it as PNG or TIFF from the archive's viewer; `dcmj2pnm +on FILE FILE.png` does",
            magic: (128, Array("DICM".utf8))),
        ForeignFormat(
            "Leica LIF", ["lif", "lof", "xlef", "xlif"],
            "in LAS X choose Export, TIFF (RGB, 8 or 16 bits); or use ImageJ (Bio-Formats)",
            magic: (0, [0x70, 0, 0, 0])),
        ForeignFormat(
            "Zeiss CZI", ["czi", "zvi", "lsm"], "in ZEN choose Export, TIFF (merged RGB); or use ImageJ (Bio-Formats)",
            magic: (0, Array("ZISRAWFILE".utf8))),
        ForeignFormat("Nikon ND2", ["nd2"], slide, magic: (0, [0xDA, 0xCE, 0xBE, 0x0A])),
        ForeignFormat("Olympus", ["vsi", "oir", "oib", "oif", "ets"], slide),
        ForeignFormat(
            "whole slide image", ["svs", "scn", "ndpi", "mrxs", "bif", "vms", "vmu", "isyntax", "tmap", "kfb", "sdpc"],
            slide),
        ForeignFormat(
            "raw data of a camera", ["dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "raw"],
            "let the camera write TIFF or JPEG, or develop it with its maker's program"),
        ForeignFormat(
            "video", ["avi", "mp4", "mov", "mkv", "wmv"],
            "take single pictures; `ffmpeg -i FILE -vf fps=1 FILE-%04d.png` does"),
        ForeignFormat("Netpbm", ["ppm", "pgm", "pnm", "pbm", "pam"], picture),
    ]

    /// By a name's ending, lower case and without a dot.
    public static func ending(_ ending: String) -> ForeignFormat? { all.first { $0.endings.contains(ending) } }

    /// By a file's first bytes.
    static func content(_ bytes: [UInt8]) -> ForeignFormat? {
        let view = ByteReader(bytes: bytes)
        return all.first { $0.magic.contains { view.starts(with: $0.bytes, at: $0.offset) } }
    }
}
