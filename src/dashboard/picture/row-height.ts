/** Height of a row of the picture in px; style/picture.css has the same. */
export const ROW = 28;
