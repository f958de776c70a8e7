import NCTEngine

/// Pictures in a grid with a title, column headings and captions.
public struct ContactSheet: Sendable {
    /// One picture with the lines under it. A line's first part is bold enough to be a name; the rest explains.
    public struct Cell: Sendable {
        public var image: RGBImage
        /// The first line is dark, the others are gray.
        public var caption: [String]

        public init(_ image: RGBImage, caption: [String] = []) {
            self.image = image
            self.caption = caption
        }
    }

    public var title: String
    /// Gray lines under the title.
    public var subtitle: [String]
    /// One heading a column, or none at all.
    public var headings: [String]
    public var cells: [Cell]
    /// Cells in a row.
    public var columns: Int
    /// The box in pixels that every picture is fitted into.
    public var cellWidth: Int
    public var cellHeight: Int

    /// - Parameter cellHeight: nil takes the height that suits the pictures' proportions.
    public init(
        title: String = "", subtitle: [String] = [], headings: [String] = [], cells: [Cell], columns: Int,
        cellWidth: Int = 320, cellHeight: Int? = nil
    ) {
        self.title = title
        self.subtitle = subtitle
        self.headings = headings
        self.cells = cells
        self.columns = max(1, columns)
        self.cellWidth = max(16, cellWidth)
        let tallest = cells.map { Double($0.image.height) / Double($0.image.width) }.max() ?? 1
        self.cellHeight = max(16, cellHeight ?? Int((Double(self.cellWidth) * min(tallest, 2)).rounded()))
    }

    private static let margin = 20
    private static let gap = 14
    private static let ink = PixelColor(gray: 0.13)
    private static let faint = PixelColor(gray: 0.42)
    private static let paper = PixelColor(red: 0.985, green: 0.982, blue: 0.975)
    private static let frame = PixelColor(gray: 0.80)

    private var captionScale: Double { cellWidth >= 480 ? 2 : cellWidth >= 200 ? 1.5 : 1 }
    private var captionLineHeight: Int { Label("", scale: captionScale).height + 2 }
    private static let titleScale = 2.5
    private static let subtitleScale = 1.5
    private static let headingScale = 2.0

    /// The sheet as one image. Cost: linear in the pixels of the pictures and of the sheet.
    public func render() -> RGBImage {
        let captionLines = cells.map(\.caption.count).max() ?? 0
        let rows = max(1, (cells.count + columns - 1) / columns)
        let captionHeight = captionLines == 0 ? 0 : captionLines * captionLineHeight + 6
        let titleHeight = title.isEmpty ? 0 : Label("", scale: Self.titleScale).height + 4
        let subtitleHeight = subtitle.count * Label("", scale: Self.subtitleScale).height
        let headingHeight = headings.isEmpty ? 0 : Label("", scale: Self.headingScale).height + 4
        let above = titleHeight + subtitleHeight
        let top = Self.margin + above + (above > 0 ? 10 : 0)
        let width = 2 * Self.margin + columns * cellWidth + (columns - 1) * Self.gap
        let rowHeight = cellHeight + captionHeight
        let height = top + headingHeight + rows * rowHeight + (rows - 1) * Self.gap + Self.margin
        var canvas = Canvas(width: width, height: height, background: Self.paper)

        let inner = width - 2 * Self.margin
        canvas.draw(
            Label(title, scale: Self.titleScale).fitted(to: inner), x: Self.margin, y: Self.margin - 4, color: Self.ink)
        for (index, line) in subtitle.enumerated() {
            let label = Label(line, scale: Self.subtitleScale).fitted(to: inner)
            canvas.draw(
                label, x: Self.margin, y: Self.margin + titleHeight + index * label.height, color: Self.faint)
        }
        for (column, heading) in headings.prefix(columns).enumerated() {
            let x = Self.margin + column * (cellWidth + Self.gap)
            canvas.draw(Label(heading, scale: Self.headingScale).fitted(to: cellWidth), x: x, y: top, color: Self.ink)
        }
        for (index, cell) in cells.enumerated() {
            let x = Self.margin + index % columns * (cellWidth + Self.gap)
            let y = top + headingHeight + index / columns * (rowHeight + Self.gap)
            draw(cell, x: x, y: y, on: &canvas)
        }
        return canvas.image
    }

    private func draw(_ cell: Cell, x: Int, y: Int, on canvas: inout Canvas) {
        let size = Resampling.fittedSize(
            width: cell.image.width, height: cell.image.height, insideWidth: cellWidth, insideHeight: cellHeight)
        let picture = Resampling.resized(cell.image, width: size.width, height: size.height)
        canvas.draw(picture, x: x, y: y)
        canvas.outline(x: x - 1, y: y - 1, width: size.width + 2, height: size.height + 2, Self.frame)
        for (line, text) in cell.caption.enumerated() {
            canvas.draw(
                Label(text, scale: captionScale).fitted(to: cellWidth), x: x,
                y: y + size.height + 4 + line * captionLineHeight, color: line == 0 ? Self.ink : Self.faint)
        }
    }
}
