/// Names that are no captures whatever else they look like: the one list for the daemon and all commands.
///
/// docs/configuration.md names them all.
public enum BuiltInExclusions {
    /// Endings under which programs write what is not finished yet.
    public static let temporaryEndings = [
        "~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock",
    ]

    /// Directories in which storage systems and desktops keep thumbnails, snapshots and what was deleted: Synology, QNAP,
    /// NetApp, Samba, Windows, macOS. A star at the end stands for any ending. Those with a dot in front are hidden.
    public static let systemDirectories = [
        "@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "@sharesnap", "@tmp", "~snapshot",
        "@GMT-*",
        "$RECYCLE.BIN", "RECYCLER", "RECYCLED", "System Volume Information", "FOUND.0*", "DfsrPrivate", "lost+found",
        "__MACOSX", "Network Trash Folder", "Temporary Items",
    ]

    /// Directories in which instruments' programs write down how they took the captures: Leica's LAS X.
    public static let notesDirectories = ["MetaData"]

    private static let directories = (systemDirectories + notesDirectories).map { name in
        let isOpen = name.hasSuffix("*")
        return (
            text: name, units: GlobText.units(Array((isOpen ? String(name.dropLast()) : name).utf8)), isOpen: isOpen
        )
    }
    private static let endings = temporaryEndings.map { (text: $0, units: GlobText.units(Array($0.utf8))) }

    /// Why a directory of this name holds no captures, as a rule that can be shown; nil if it may.
    public static func rule(ofDirectory name: some Collection<UInt8>) -> String? {
        if name.first == UInt8(ascii: ".") { return hidden }
        let units = GlobText.units(Array(name))
        return directories.first { $0.isOpen ? units.starts(with: $0.units) : units == $0.units }
            .map { "built in: system directory (\($0.text))" }
    }

    /// Why a file of this name is no capture; nil if it may be one.
    public static func rule(ofFile name: some Collection<UInt8>) -> String? {
        if name.first == UInt8(ascii: ".") { return hidden }
        if name.starts(with: "~$".utf8) { return "built in: temporary name (~$*)" }
        let units = GlobText.units(Array(name))
        return endings.first { units.suffix($0.units.count).elementsEqual($0.units) }
            .map { "built in: temporary name (*\($0.text))" }
    }

    private static let hidden = "built in: hidden name (.*)"
}
