"""What web archives are asked: pages as they were when guides were verified, copies of dead ones, pages to save."""
